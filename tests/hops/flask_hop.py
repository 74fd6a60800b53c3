"""A hop in Flask, as anybody would write one: it knows nothing of tracing, `opentelemetry-instrument` adds all of that from outside.

PORT is where it listens (by waitress-serve), NEXT_SERVICE_URL the service behind it.
"""

import os

import requests
from flask import Flask, Response, request

NEXT = os.environ["NEXT_SERVICE_URL"]
PASSED_ON = ("content-type", "authorization", "idempotency-key", "x-request-id", "x-deadline-ms")

app = Flask(__name__)


@app.get("/health")
def health():
    return {"status": "healthy"}


@app.post("/process")
def process():
    headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
    answer = requests.post(f"{NEXT}/process", data=request.get_data(), headers=headers, timeout=10)
    return Response(answer.content, answer.status_code, content_type=answer.headers["content-type"])
