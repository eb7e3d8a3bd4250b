"""What is counted as it happens, for an operator's monitoring; `api.observing` adds what is looked up when it is asked.
One registry per gateway."""

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
        self.head = Gauge("portolan_chain_head_block", "Newest block of the node", registry=self.registry)
        self.indexed = Gauge("portolan_indexer_block", "Newest block in the database", registry=self.registry)
        self.poison = Counter(
            "portolan_indexer_poison_events_total",
            "Events a handler failed on",
            ["contract", "event"],
            registry=self.registry,
        )
        self.rewinds = Counter(
            "portolan_indexer_rewound_blocks_total", "Blocks undone by reorganisations", registry=self.registry
        )
        self.deliveries = Counter(
            "portolan_webhook_deliveries_total",
            "Attempts to deliver to webhooks that did or did not arrive, and deliveries given up",
            ["what"],
            registry=self.registry,
        )
        self.listener_up = Gauge(
            "portolan_listener_up", "1 while notices of other gateway processes are heard", registry=self.registry
        )
        self.reading_chain = Gauge(
            "portolan_indexer_reads_chain",
            "1 where this process has the turn to read the chain; of all processes one should",
            registry=self.registry,
        )
        self.loop_failures = Counter(
            "portolan_loop_failures_total", "Passes of a background loop that failed", ["loop"], registry=self.registry
        )
        # Told as 0 from the start: to Prometheus a count that begins at 1 has not grown.
        self.settled.labels("reverted")
        self.deliveries.labels("dead")
        self._of_answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request. Its figures are found once: to look them up by their labels takes longer than to count."""
        found = self._of_answers.get((method, route, status))
        if found is None:
            found = self.requests.labels(method, route, str(status)), self.request_seconds.labels(method, route)
            self._of_answers[method, route, status] = found
        found[0].inc()
        found[1].observe(seconds)
