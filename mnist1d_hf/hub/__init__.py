"""Dataset and model repositories: built here, published to and pulled from the Hub."""
