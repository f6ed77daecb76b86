"""Reads the papers of a run by libraries that others wrote, and prints what they say as one JSON object.

Arguments: the directory of the run, the public key (PEM) that signed it, the XML schema for JUnit.
"""

import json
import pathlib
import sys

from google.protobuf.json_format import Parse
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from junitparser import Error, Failure, JUnitXml, Skipped
from lxml import etree
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

run, key_file, schema = (pathlib.Path(name) for name in sys.argv[1:4])


def statement_of_envelope():
    text = json.loads((run / "attestation.intoto.jsonl").read_text())
    signatures = [{"keyid": one["keyid"], "sig": one["sig"]} for one in text["signatures"]]
    envelope = Envelope.from_dict({**text, "signatures": signatures})
    key = SSlibKey.from_crypto(load_pem_public_key(key_file.read_bytes()), keyid=text["signatures"][0]["keyid"])
    verified = envelope.verify([key], 1)
    message = Parse(envelope.payload, StatementMessage(), ignore_unknown_fields=False)
    Statement.copy_from_pb(message).validate()
    statement = json.loads(envelope.payload)
    return {
        "signers": len(verified),
        "subjects": len(message.subject),
        "predicateType": message.predicate_type,
        "predicate": {
            name: len(statement["predicate"][name]) for name in ("passedTests", "warnedTests", "failedTests")
        },
    }


def junit():
    path = run / "junit.xml"
    etree.XMLSchema(etree.parse(str(schema))).assertValid(etree.parse(str(path)))
    cases = [case for suite in JUnitXml.fromfile(str(path)) for case in suite]
    having = lambda kind: sum(any(isinstance(result, kind) for result in case.result) for case in cases)
    return {"cases": len(cases), "failures": having(Failure), "errors": having(Error), "skipped": having(Skipped)}


def metrics():
    families = list(text_string_to_metric_families((run / "metrics.prom").read_text()))
    verdicts = [sample for family in families for sample in family.samples if "clause" in sample.labels]
    return {"families": len(families), "clauses": len({sample.labels["clause"] for sample in verdicts})}


print(json.dumps({"attestation": statement_of_envelope(), "junit": junit(), "metrics": metrics()}))
