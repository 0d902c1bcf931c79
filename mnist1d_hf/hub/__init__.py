"""Repositories as the Hub likes them, built on disk."""
