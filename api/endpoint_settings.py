"""How several nodes of the chain are watched."""

from pydantic import BaseModel, ConfigDict, Field

from chain_node.client.endpoints import EndpointRules


class EndpointSettings(BaseModel):
    """The table `[endpoints]`; of no effect where `rpc_url` is one address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lag_blocks: int = Field(default=3, ge=0, description="a node further behind the furthest is not read from")
    final_depth_blocks: int = Field(
        default=0, ge=0, le=1_000, description="a block with so many after it is final; 0: the engine's are at once"
    )
    look_seconds: float = Field(default=1.0, gt=0, le=60, description="between two looks at each node")
    steady_seconds: float = Field(
        default=10.0, ge=0, le=3_600, description="how long a preferred node must be well to be read from again"
    )

    def rules(self) -> EndpointRules:
        return EndpointRules(**self.model_dump())
