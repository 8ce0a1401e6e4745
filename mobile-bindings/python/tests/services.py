"""The services as their clerks and applicants use them: plain JSON over HTTP, nothing of the wallet."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass


class Refused(Exception):
    """A service answered with an error."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status = status


def call(method, url, token=None, body=None):
    """One request; the answer's JSON."""
    headers = {"accept": "application/json", "content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise Refused(error.code, error.read().decode()) from error


@dataclass(frozen=True)
class Application:
    id: str
    secret: str


@dataclass(frozen=True)
class Issuer:
    """A department."""

    url: str
    staff: str

    def apply(self, credential_type, claims):
        sent = call("POST", f"{self.url}/api/applications", body={"type": credential_type, "claims": claims})
        return Application(sent["id"], sent["secret"])

    def approve(self, application):
        call("POST", f"{self.url}/api/applications/{application.id}/approve", self.staff)

    def offer(self, application):
        """The link to scan and the code to enter, as the applicant sees them."""
        offer = call("GET", f"{self.url}/api/applications/{application.id}/offer", application.secret)
        return offer["offer_uri"], offer["tx_code"]

    def revoke(self, application, reason):
        """Everything that was issued on the application. Final when it returns."""
        found = call("GET", f"{self.url}/api/applications/{application.id}", self.staff)
        for credential in found["credentials"].values():
            call("POST", f"{self.url}/api/credentials/{credential}/revoke", self.staff, {"reason": reason})


@dataclass(frozen=True)
class Request:
    id: str
    link: str


@dataclass(frozen=True)
class Counter:
    """A verifier."""

    url: str
    staff: str

    def ask(self, purpose, dcql=None, **wish):
        wish |= {"purpose": purpose} | ({} if dcql is None else {"dcql": dcql})
        asked = call("POST", f"{self.url}/api/requests", self.staff, wish)
        return Request(asked["id"], asked["link"])

    def read(self, request):
        """How the request stands, with the decision and its checks once it was answered."""
        return call("GET", f"{self.url}/api/requests/{request.id}", self.staff)


def checks(read, outcome):
    """The ids of the checks that ended so."""
    return {check["id"] for check in read["checks"] if check["outcome"] == outcome}
