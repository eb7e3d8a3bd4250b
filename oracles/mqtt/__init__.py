"""Sensors that speak MQTT: readings are gathered into windows, and each window goes the way of a paper.

`receiving` holds the session with a broker; `payloads` and `mapping` (pure) tell the readings of a message, `taking`
stores them before the broker is told that they came, `windows` (pure) reduces them, `closing` makes the documents and
hands them over, `devices` says which consignment a device travels with, `silence` which devices have gone quiet.
"""
