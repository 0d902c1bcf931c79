"""What tests do with networks of many members."""

from mnist1d_hf.baselines.layers.layer import Network


def in_double(network):
    """The network with 64-bit floats."""
    for leaf in network.leaves:
        leaf.parameters = [parameter.double() for parameter in leaf.parameters]
    return Network(network.layers)


def of_member(network, member):
    """The parameters of one member, with torch's shapes and in its order."""
    return [parameter for leaf in network.leaves for parameter in leaf.of_member(member)]
