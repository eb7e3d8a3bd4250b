"""Several nodes of one network, used as one: `SeveralNodes` in place of `Node`, over a `Watch` that outlives
connections.

watch = Watch(split_urls("http://a:8545, http://b:8545"), book, EndpointRules(), timeout_seconds=10)
watch.check()
chain = Chain(SeveralNodes(watch), book)
"""

from chain_node.client.endpoints.endpoint import EndpointStatus, Standing
from chain_node.client.endpoints.figures import Figure, figures_of
from chain_node.client.endpoints.rules import Change, EndpointRules
from chain_node.client.endpoints.several import SeveralNodes
from chain_node.client.endpoints.urls import MOST_ENDPOINTS, names_of, split_urls
from chain_node.client.endpoints.watch import Watch
from chain_node.client.endpoints.watching import watching

__all__ = [
    "MOST_ENDPOINTS",
    "Change",
    "EndpointRules",
    "EndpointStatus",
    "Figure",
    "SeveralNodes",
    "Standing",
    "Watch",
    "figures_of",
    "names_of",
    "split_urls",
    "watching",
]
