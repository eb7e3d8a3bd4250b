"""What a node counts while it runs, for Prometheus; `operating.collecting` adds what its database tells."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """Each node has a registry of its own, so that several may live in one process (tests)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.documents = self._counter("documents", "Files taken from the inbox", "result")
        self.events = self._counter("events", "Events by what was decided when they came in", "status")
        self.decisions = self._counter("decisions", "Decisions made against the network's state", "verdict")
        self.votes = self._counter("votes", "Votes answered by the network", "answer")
        self.readings = self._counter("readings", "Measured values and prices by what became of them", "answer")
        self.reports = self._counter("reports", "Reports relayed, by the network's answer", "answer")
        self.retractions = self._counter("retractions", "Votes taken back, by what became of it", "answer")
        self.captures = self._counter("captures", "Documents captured over HTTP", "result")
        self.requests = Counter(
            "portolan_oracle_http_requests",
            "Requests over HTTP by the interface they were for",
            ["interface", "method", "status"],
            registry=self.registry,
        )
        self.relay_offers = self._counter("relay_offers", "Offers that came to this relay, by its answer", "status")
        self.relay_answers = self._counter("relay_answers", "Votes that came to this relay, by its answer", "status")
        self.relay_lists = Counter("portolan_oracle_relay_proposals", "Lists proposed", registry=self.registry)
        self.relay_left_out = Counter(
            "portolan_oracle_relay_left_out", "Offers that differ too much from others", registry=self.registry
        )
        self.relay_bundles = self._counter("relay_bundles", "Bundles by what became of them", "answer")
        self.relay_bundle_items = Histogram(
            "portolan_oracle_relay_bundle_items",
            "Facts in one transaction of this relay",
            registry=self.registry,
            buckets=(1, 2, 5, 10, 20, 50, 64),
        )
        self.relay_fallbacks = self._counter("relay_fallbacks", "Facts sent without a relay, by reason", "reason")
        for reason in ("away", "no list", "not on chain"):  # told as 0: to Prometheus what begins at 1 has not grown
            self.relay_fallbacks.labels(reason)
        self.network_errors = self._counter("network_errors", "Failed attempts to talk to the network", "error")
        self.carrier_failures = self._counter("carrier_failures", "Times that a carrier gave no page", "source")
        self.carrier_answered_at = Gauge(
            "portolan_oracle_carrier_answered_at",
            "When a carrier that is asked last gave a page, Unix seconds",
            ["source"],
            registry=self.registry,
        )
        self.silent_carriers = Gauge(
            "portolan_oracle_silent_carriers",
            "Carriers that have not answered for longer than they may",
            registry=self.registry,
        )
        self.waiting = Gauge("portolan_oracle_waiting_events", "Events asked about again", registry=self.registry)
        self.held = Gauge("portolan_oracle_held_events", "Events for the operator", registry=self.registry)
        self.overdue = Gauge(
            "portolan_oracle_overdue_feeds", "Feeds served whose heartbeat has passed", registry=self.registry
        )
        self.head = Gauge("portolan_oracle_head_block", "Newest block seen", registry=self.registry)
        self.paper_to_send = Histogram(
            "portolan_oracle_paper_to_send_seconds",
            "From taking a file to handing its transaction to the network",
            registry=self.registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 5, 60),
        )

    def _counter(self, name: str, text: str, label: str) -> Counter:
        return Counter(f"portolan_oracle_{name}", text, [label], registry=self.registry)
