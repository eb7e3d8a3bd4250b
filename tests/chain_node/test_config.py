from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chain_node.client import FeedKind, Milestone, Role, condition_policy, price_feed, rate_feed
from chain_node.config import CONFIG_ROOT, ConfigInvalid, load_network


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG_ROOT / "local", tmp_path / "net")
    return tmp_path / "net"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def problems(folder: Path) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        load_network(folder)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return [problem.replace(f"{folder}/", "") for problem in caught.value.problems]


@pytest.mark.parametrize("name", sorted(path.parent.name for path in CONFIG_ROOT.glob("*/network.toml")))
def test_networks_of_the_repository_are_valid(name: str) -> None:
    network = load_network(CONFIG_ROOT / name)

    assert network.config.name == name
    assert network.operator.roles & Role.NETWORK


def test_local_network_listens_on_loopback_only() -> None:
    assert load_network(CONFIG_ROOT / "local").config.engine.host == "127.0.0.1"


def test_policies_reach_the_chain_in_its_units() -> None:
    policy = load_network(CONFIG_ROOT / "local").config.policies[Milestone.RECEIVED.name].on_chain()

    assert (policy.threshold, policy.tolerance_bps) == (2, 50)
    assert policy.max_age_seconds == 90 * 86_400
    assert policy.required_roles == int(Role.WAREHOUSE)


def test_feeds_reach_the_chain_in_its_units() -> None:
    feeds = load_network(CONFIG_ROOT / "local").config.feeds

    rules, terms = feeds["eur-usd"].on_chain()
    assert (rules.kind, rules.decimals, rules.threshold, rules.organisations) == (FeedKind.FX, 8, 3, 4)
    assert (terms.base, terms.quote, terms.base_digits, terms.quote_digits, terms.haircut_bps) == (
        "EUR",
        "USD",
        2,
        2,
        200,
    )
    assert feeds["eur-usd"].policy_id("eur-usd") == rate_feed("EUR", "USD")
    rules, terms = feeds["door"].on_chain()
    assert (rules.decimals, terms.greatest, terms.base) == (0, 1, "")
    assert feeds["temperature"].on_chain()[0].decimals == 3
    assert feeds["temperature"].policy_id("any") == condition_policy(FeedKind.TEMPERATURE)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('kind = "DOOR"', 'kind = "SHOCK"', "feeds: shock and door are one feed"),
        ('quote = "USD"', 'quote = ""', "feeds.eur-usd: base: FX needs a base and a quote"),
        ('quote = "USD"', 'quote = "EUX"', "feeds.eur-usd: 'EUX' is not an ISO 4217 currency"),
        ("least = 50_000_000", "least = 0", "feeds.eur-usd: least: 0 is not above 0"),
        ("greatest = 1\n", "greatest = 0\n", "feeds.door: greatest: 0 is not above least, 0"),
        (
            'kind = "DOOR"',
            'kind = "DOOR"\nbase = "KGM"',
            "feeds.door: base: DOOR has no base, quote, haircut or band for quotes",
        ),
        (
            'kind = "DOOR"',
            'kind = "DOOR"\nthreshold = 5',
            "feeds.door: organisations: 5 of 4 cannot outvote 2 liars",
        ),
        (
            'kind = "DOOR"',
            'kind = "DOOR"\nheartbeat_seconds = 90_000',
            "feeds.door: stale_after_seconds: neither max_age_seconds nor heartbeat_seconds may be longer",
        ),
        (
            "[feeds.door]",
            '[feeds.usd-eur]\nkind = "FX"\nbase = "USD"\nquote = "EUR"\nleast = 1\ngreatest = 2\n'
            'eligible = ["SENSOR"]\nmost_spread = 0\nmost_move = 1\n[feeds.door]',
            "feeds: EUR and USD have a rate both ways; the inverse is derived",
        ),
    ],
)
def test_feeds_that_the_contract_would_refuse_are_problems(folder: Path, old: str, new: str, why: str) -> None:
    change(folder / "network.toml", old, new)

    assert problems(folder) == [f"network.toml: {why}"]


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        ('kind = "geth"', ["engine.kind: Input should be 'anvil', 'besu' or 'kaia'"]),
        ('kind = "besu"\nblock_gas_limit = 30_000_000', ["engine.block_gas_limit: only the kind anvil has it"]),
        ('kind = "anvil"\nvalidators = 4', ["engine.validators: only the kind besu or kaia has it"]),
        (
            'kind = "kaia"\nvalidators = 0\nblock_gas_limit = 30_000_000\nvalidator = 3',
            [
                "engine.block_gas_limit: only the kind anvil has it",
                "engine.validator: unknown key",
                "engine.validators: Input should be greater than or equal to 1",
            ],
        ),
        ('kind = "kaia"\nvalidators = 22', ["engine.validators: Input should be less than or equal to 21"]),
    ],
)
def test_engines_settings_that_are_not_its_own_are_problems(folder: Path, engine: str, why: list[str]) -> None:
    change(folder / "network.toml", 'kind = "anvil"', engine)

    assert sorted(problems(folder)) == [f"network.toml: {line}" for line in why]


def test_port_of_figures_leaves_room_for_those_of_all_validators(folder: Path) -> None:
    change(folder / "network.toml", "metrics_port = 9467", "metrics_port = 65_515")

    assert problems(folder) == ["network.toml: engine.metrics_port: Input should be less than or equal to 65514"]


@pytest.mark.parametrize("name", ["besu", "kaia"])
def test_network_of_four_validators_is_the_local_one_but_for_its_engine(name: str) -> None:
    local, four = (load_network(CONFIG_ROOT / its) for its in ("local", name))

    assert four.config.engine.kind == name
    assert four.config.engine.validators_here == 4
    assert four.config.engine.host == "127.0.0.1"
    own = {"name", "chain_id", "engine"}
    assert four.config.model_dump(exclude=own) == local.config.model_dump(exclude=own)
    assert four.organisations == local.organisations


def test_all_problems_of_both_files_are_reported_at_once(folder: Path) -> None:
    change(folder / "network.toml", "block_seconds = 1", 'block_seconds = 0\nprot = 1\nkind2 = "x"')
    change(folder / "network.toml", 'currencies = ["EUR", "USD"]', 'currencies = ["EUR", "EUX"]')
    change(folder / "participants.toml", 'jurisdiction = "LU"', 'jurisdiction = "Lux"\ncolour = "red"')
    change(folder / "participants.toml", "kyc_expires_at", "kyc_expires")

    assert sorted(problems(folder)) == [
        "network.toml: currencies.1: 'EUX' is not an ISO 4217 currency",
        "network.toml: engine.block_seconds: Input should be greater than or equal to 1",
        "network.toml: engine.kind2: unknown key",
        "network.toml: engine.prot: unknown key",
        "participants.toml: organisations.0.colour: unknown key",
        "participants.toml: organisations.0.jurisdiction: String should match pattern '^[A-Z]{2}$'",
        "participants.toml: organisations.0.kyc_expires: unknown key",
        "participants.toml: organisations.0.kyc_expires_at: missing",
    ]


def test_operator_that_is_no_participant_is_refused(folder: Path) -> None:
    change(folder / "network.toml", "999900PORTOLANOPER17", "999900ACMESUPPLIES58")

    assert problems(folder) == ["network.toml: operator: 999900ACMESUPPLIES58 is not in participants.toml"]


@pytest.mark.parametrize(
    ("lei", "why"),
    [
        ("999900PORTOLANOPER18", "999900PORTOLANOPER18 is not an LEI: its check digits are wrong"),
        ("999900portolanoper17", "'999900portolanoper17' is not an LEI: 20 digits and capital letters are needed"),
        ("5299", "'5299' is not an LEI: 20 digits and capital letters are needed"),
    ],
)
def test_lei_is_checked(folder: Path, lei: str, why: str) -> None:
    change(folder / "network.toml", "999900PORTOLANOPER17", lei)

    assert problems(folder) == [f"network.toml: operator: {why}"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "[policies.LOADED]",
            "[policies.LODED]",
            "policies: LODED: not attested milestones; known are LOADED",
        ),
        ("[policies.LOADED]", "[policies.ACCEPTED]", "policies: ACCEPTED: not attested milestones"),
        ('required = ["CARRIER"]', 'required = ["SENSOR"]', "required: each role must be among the eligible ones"),
        ('required = ["CARRIER"]', 'required = ["SHIPPER"]', "'SHIPPER': not a role; known are CARRIER"),
        (
            'required = ["CARRIER"]',
            'required = ["CARRIER", "INSPECTOR", "CUSTOMS"]',
            "required: 3 roles cannot be among 2 witnesses",
        ),
        ('"WAREHOUSE"]\nrequired', '"LENDER"]\nrequired', "eligible: one or more roles that may witness facts"),
        ("threshold = 2", "threshold = 11", "threshold: Input should be less than or equal to 10"),
    ],
)
def test_policy_that_makes_no_sense_is_refused(folder: Path, old: str, new: str, why: str) -> None:
    change(folder / "network.toml", old, new)

    found = problems(folder)
    assert len(found) == 1
    assert why in found[0]


def test_organisation_named_twice_is_refused(folder: Path) -> None:
    file = folder / "participants.toml"
    file.write_text(file.read_text() + file.read_text())

    assert problems(folder) == ["participants.toml: 999900PORTOLANOPER17 is named twice"]


def test_moment_without_time_zone_is_refused(folder: Path) -> None:
    change(folder / "participants.toml", "2045-01-01T00:00:00Z", "2045-01-01T00:00:00")

    assert "a time zone is needed" in problems(folder)[0]


def test_missing_and_broken_files_are_named(folder: Path) -> None:
    (folder / "participants.toml").unlink()
    (folder / "network.toml").write_text("name = \n")

    found = sorted(problems(folder))
    assert found[0].startswith("network.toml: not TOML: Invalid value (at line 1")
    assert found[1] == "participants.toml: cannot be read: No such file or directory"


def test_problems_between_keys_and_files_do_not_wait_for_those_within(tmp_path: Path) -> None:
    (tmp_path / "network.toml").write_text(
        'name = "Bad Name"\nchain_id = 0\noperator = "999900PORTOLANOPER17"\ncurrencies = ["EUR", "EUR"]\n'
        '[engine]\nkind = "anvil"\n[governance]\ndelay_seconds = 60\n[policies.SAILED]\nthreshold = 1\n'
    )
    (tmp_path / "participants.toml").write_text(
        '[[organisations]]\nlei = "999900ACMESUPPLIES58"\nname = "Acme"\njurisdiction = "Germany"\n'
        'roles = ["SUPPLIER"]\nkyc_expires_at = 2036-01-01T00:00:00Z\n'
    )

    with pytest.raises(ConfigInvalid) as refused:
        load_network(tmp_path)

    said = "\n".join(refused.value.problems)
    for part in ("name: ", "chain_id: ", "one is named twice", "SAILED", "jurisdiction", "is not in participants.toml"):
        assert part in said


def test_preset_gives_what_is_not_said_of_circulation(folder: Path) -> None:
    (folder / "network.toml").open("a").write('\n[circulation]\npreset = "china-2025"\nmost_tier = 3\n')

    rules = load_network(folder).config.circulation

    assert (rules.most_tenor_days, rules.ordinary_tenor_days) == (365, 184)
    assert rules.most_tier == 3


def test_pools_have_defaults_and_terms_of_their_own(folder: Path) -> None:
    (folder / "network.toml").open("a").write("\n[pools.USD]\nsenior_rate_bps = 700\n")

    config = load_network(folder).config

    assert config.pool("USD").senior_rate_bps == 700
    assert config.pool("EUR").subordination_floor_bps == 1_000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[pools.JPY]\n", "pools: JPY: not among the network's currencies"),
        (
            '[circulation]\npreset = "usual"\n',
            "circulation: preset: 'usual' is not one; known are international, china",
        ),
        ("[circulation]\nordinary_tenor_days = 1826\nmost_tenor_days = 90\n", "circulation: ordinary_tenor_days: 1826"),
        ("[circulation]\ntier = 3\n", "circulation.tier: unknown key"),
        (
            "[[write_off]]\ndays_overdue = 30\nwritten_off_bps = 5000\n"
            "[[write_off]]\ndays_overdue = 60\nwritten_off_bps = 5000\n",
            "write_off: each step must be later",
        ),
    ],
)
def test_rules_of_lending_that_make_no_sense_are_refused(folder: Path, text: str, problem: str) -> None:
    (folder / "network.toml").open("a").write("\n" + text)

    assert problems(folder)[0].startswith(f"network.toml: {problem}")


def test_commodities_reach_the_chain_as_lots_and_feeds_name_them() -> None:
    config = load_network(CONFIG_ROOT / "local").config
    chocolate = config.commodities["chocolate"]
    feed = config.feeds["chocolate"].policy_id("chocolate")

    price, haircut, grades, ages, staleness, days, conditions = chocolate.valuation_terms(feed)

    assert price == price_feed("chocolate", "KGM", "EUR")
    assert (haircut, grades[0], grades[-1], days) == (1_000, 0, 10_000, 30)
    assert (ages[0], staleness) == ((60, 500), [(43_200, 500)])
    assert conditions == 1 << FeedKind.TEMPERATURE
    assert chocolate.graded_as == b"180620" + bytes(26)
    assert [rule.steps for rule in chocolate.grade_rules()] == [1, 2, 3]
    assert config.commodities["lamps"].grade_rules() == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('price = "lamps"', 'price = "eur-usd"', "commodities.lamps: price: 'eur-usd' is no feed of kind PRICE"),
        ('price = "lamps"', 'price = "lamp"', "commodities.lamps: price: 'lamp' is no feed of kind PRICE"),
        ('code = "940521"', 'code = "180620"', "commodities.lamps: another commodity has the code 180620"),
        ('code = "940521"', 'code = "9405"', "commodities.lamps.code: String should match pattern '^[0-9]{6,8}$'"),
        ("8_000, 10_000]", "8_000, 9_999]", "a worse grade takes no less, and the worst takes 10000"),
        ("[0, 1_000, 2_500", "[0, 3_000, 2_500", "a worse grade takes no less, and the worst takes 10000"),
        ("days = 180, haircut_bps = 3_000", "days = 90, haircut_bps = 3_000", "ages: each step must be later"),
        ("days = 180, haircut_bps = 3_000", "days = 180, haircut_bps = 900", "ages: each step must be later"),
        ('conditions = ["TEMPERATURE"]', 'conditions = ["SHOCK"]', "conditions: no rule says what is well with SHOCK"),
        ("high = 20_000, deeper_than", "high = 20_001, deeper_than", "rules: all rules of TEMPERATURE have one range"),
        ("high = 20_000, steps", "high = 11_000, steps", "rules: TEMPERATURE has an empty range, 12000 to 11000"),
        ('kind = "TEMPERATURE"\nleast', 'kind = "HUMIDITY"\nleast', "feeds: "),
    ],
)
def test_commodity_that_cannot_be_lent_on_is_refused(folder: Path, old: str, new: str, problem: str) -> None:
    change(folder / "network.toml", old, new)

    (found,) = problems(folder)
    assert problem in found
