"""Programs that run a chain, behind one interface."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chain_node.config import NetworkConfig
from chain_node.engines.anvil import AnvilEngine, AnvilSettings
from chain_node.engines.base import ClockFixed, Engine
from chain_node.engines.besu import BesuSettings, LocalBesuEngine
from chain_node.engines.kaia import KaiaEngine, KaiaSettings
from chain_node.engines.validators import ValidatorsSettings

__all__ = [
    "AnvilEngine",
    "ClockFixed",
    "Engine",
    "EngineChoices",
    "KaiaEngine",
    "LocalBesuEngine",
    "NotRunHere",
    "make_engine",
]


class NotRunHere(ValueError):
    """No program of this machine is the whole chain."""


@dataclass(frozen=True)
class EngineChoices:
    """What whoever starts a chain may decide against its network's file; None leaves it as it is there, but for
    `metrics_port`: at another `port` than the file's, where a second chain may run, free ones are taken.

    `genesis_timestamp` (Unix seconds) is the clock of a chain that is new, where clocks can be set. `besu` is the
    program of a chain that Besu runs; None takes the one on PATH.
    """

    port: int | None = None
    metrics_port: int | None = None
    genesis_timestamp: int | None = None
    block_gas_limit: int | None = None
    besu: Path | None = None


def make_engine(config: NetworkConfig, data_dir: Path, choices: EngineChoices | None = None) -> Engine:
    """The engine that the network's file names, not started yet. Raises `ClockFixed` where a clock is asked for that
    the engine has not, and `NotRunHere` where each member of the network runs a node of its own."""
    engine, its = config.engine, choices or EngineChoices()
    port = engine.port if its.port is None else its.port
    metrics_port = its.metrics_port if its.metrics_port is not None else engine.metrics_port * (its.port is None)
    if engine.in_real_time:
        if not engine.validators_here:
            raise NotRunHere(
                f"the chain {config.name} is run by its members, each with a node of its own: say where one of them"
                " answers (--rpc-url); engine.validators in network.toml would run so many here"
            )
        if its.genesis_timestamp is not None:
            raise ClockFixed(f"the chain {config.name} runs in real time: it cannot begin at another moment than now")
        validators = ValidatorsSettings(
            data_dir=data_dir,
            chain_id=config.chain_id,
            validators=engine.validators_here,
            host=engine.host,
            port=port,
            block_seconds=engine.block_seconds,
            metrics_port=metrics_port,
        )
        if engine.kind == "besu":
            return LocalBesuEngine(BesuSettings(**vars(validators), program=its.besu))
        return KaiaEngine(KaiaSettings(**vars(validators)))
    return AnvilEngine(
        AnvilSettings(
            data_dir=data_dir,
            chain_id=config.chain_id,
            host=engine.host,
            port=port,
            block_seconds=engine.block_seconds,
            block_gas_limit=its.block_gas_limit or engine.block_gas_limit,
            genesis_timestamp=its.genesis_timestamp,
            metrics_port=metrics_port,
        )
    )
