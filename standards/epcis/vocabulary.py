"""The closed lists of the Core Business Vocabulary (CBV 2.0) and their one written form, the Web URI."""

from __future__ import annotations

from typing import Final

from standards.epcis.context import Context

WEB: Final = "https://ref.gs1.org/cbv/"
MEASURES: Final = "https://gs1.org/voc/"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUSINESS_STEPS: Final = _words(
    """accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
    retail_selling shipping staging_outbound stock_taking stocking storing transporting unloading unpacking
    void_shipping sensor_reporting sampling"""
)
DISPOSITIONS: Final = _words(
    """active container_closed damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive
    no_pedigree_match non_sellable_other partially_dispensed recalled reserved retail_sold returned
    sellable_accessible sellable_not_accessible stolen unknown available completeness_verified completeness_inferred
    conformant container_open mismatch_instance mismatch_class mismatch_quantity needs_replacement non_conformant
    unavailable"""
)
TRANSACTION_TYPES: Final = _words("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt")
PARTY_TYPES: Final = _words("owning_party possessing_party location")
ERROR_REASONS: Final = _words("did_not_occur incorrect_data")
ALERTS: Final = _words("ALARM_CONDITION ERROR_CONDITION")
COMPONENTS: Final = _words(
    """x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude
    longitude altitude"""
)
MEASUREMENTS: Final = _words(
    """AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Radioactivity Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
    Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
    ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
    Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
    LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
    MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
    RadiantIntensity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed SurfaceDensity
    SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux
    Wavenumber"""
)

# The vocabularies by what they describe: allowed bare words and the beginning of their Web URI.
BY_NAME: Final = {
    "bizStep": (BUSINESS_STEPS, f"{WEB}BizStep-"),
    "disposition": (DISPOSITIONS, f"{WEB}Disp-"),
    "bizTransactionType": (TRANSACTION_TYPES, f"{WEB}BTT-"),
    "partyType": (PARTY_TYPES, f"{WEB}SDT-"),
    "reason": (ERROR_REASONS, f"{WEB}ER-"),
    "component": (COMPONENTS, f"{WEB}Comp-"),
    "measurement": (MEASUREMENTS, MEASURES),
    "alert": (ALERTS, MEASURES),
}

_URN_STEMS: Final = {
    "urn:epcglobal:cbv:bizstep:": f"{WEB}BizStep-",
    "urn:epcglobal:cbv:disp:": f"{WEB}Disp-",
    "urn:epcglobal:cbv:btt:": f"{WEB}BTT-",
    "urn:epcglobal:cbv:sdt:": f"{WEB}SDT-",
    "urn:epcglobal:cbv:er:": f"{WEB}ER-",
}


def web_uri(vocabulary: str, term: str, context: Context) -> str:
    """The Web URI of a term given bare (`shipping`), compact (`cbv:BizStep-shipping`) or as URN; else `term`."""
    words, stem = BY_NAME[vocabulary]
    return stem + term if term in words else from_urn(context.expanded_value(term))


def is_term(vocabulary: str, term: str) -> bool:
    """Whether `term` is a word of the vocabulary, or names its own by a colon (URI, URN, `prefix:local`)."""
    return term in BY_NAME[vocabulary][0] or ":" in term


def from_urn(value: str) -> str:
    """A CBV URN (`urn:epcglobal:cbv:bizstep:shipping`) as Web URI; anything else unchanged."""
    stem, word = value[: value.rfind(":") + 1], value[value.rfind(":") + 1 :]
    return _URN_STEMS[stem] + word if stem in _URN_STEMS else value


def bare(vocabulary: str, term: str | None, context: Context) -> str | None:
    """The bare word of a term in whichever form; None for a term that the vocabulary does not know."""
    if term is None:
        return None
    words, stem = BY_NAME[vocabulary]
    word = web_uri(vocabulary, term, context).removeprefix(stem)
    return word if word in words else None
