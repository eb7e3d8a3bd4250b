"""What an operator's monitoring reads at /metrics. One registry per gateway."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "portolan_http_requests_total", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "portolan_http_request_seconds", "Time to answer", ["method", "route"], registry=self.registry
        )
        self.broadcasts = Counter(
            "portolan_transactions_broadcast_total", "Signed transactions sent to the node", registry=self.registry
        )
        self.resends = Counter(
            "portolan_transactions_resent_total", "Transactions the node had forgotten", registry=self.registry
        )
        self.healed = Counter(
            "portolan_nonces_healed_total", "Nonces repaired, by what was wrong", ["what"], registry=self.registry
        )
        self.settled = Counter(
            "portolan_transactions_settled_total", "Transactions that became final", ["status"], registry=self.registry
        )
        self.open = Gauge("portolan_transactions_open", "Transactions not yet final", registry=self.registry)
        self.head = Gauge("portolan_chain_head_block", "Newest block of the node", registry=self.registry)
        self.indexed = Gauge("portolan_indexer_block", "Newest block in the database", registry=self.registry)
        self.poison = Counter(
            "portolan_indexer_poison_events_total",
            "Events a handler failed on",
            ["contract", "event"],
            registry=self.registry,
        )
        self.poison_recorded = Gauge(
            "portolan_indexer_poison_events_recorded",
            "Events in the database that a handler failed on; above 0 rows differ from the chain",
            registry=self.registry,
        )
        self.rewinds = Counter(
            "portolan_indexer_rewound_blocks_total", "Blocks undone by reorganisations", registry=self.registry
        )
        self.loop_failures = Counter(
            "portolan_loop_failures_total", "Passes of a background loop that failed", ["loop"], registry=self.registry
        )
