"""The wallet's way to the network: the standard library's HTTP client, in a thread."""

import asyncio
import http.client
import urllib.error
import urllib.request

from .library import huizheng

TIMEOUT_SECONDS = 30
METHODS = {huizheng.HttpMethod.GET: "GET", huizheng.HttpMethod.POST: "POST"}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Whoever is asked must answer: a redirect is handed to the wallet, which refuses it."""

    def redirect_request(self, *_args):
        return None


class HttpClient(huizheng.HttpClient):
    """Sends the wallet's requests: no redirects, no cookies, bounded answers, certificates checked."""

    def __init__(self):
        self._opener = urllib.request.build_opener(_NoRedirect)

    async def send(self, request):
        return await asyncio.to_thread(self._send, request)

    def _send(self, request):
        headers = {header.name: header.value for header in request.headers}
        body = request.body if request.method == huizheng.HttpMethod.POST else None
        outgoing = urllib.request.Request(request.url, body, headers, method=METHODS[request.method])
        try:
            with self._answer(outgoing) as answer:
                return self._read(answer, request.answer_limit)
        except (OSError, http.client.HTTPException) as error:
            raise huizheng.HttpError.Unreachable() from error

    def _answer(self, outgoing):
        try:
            return self._opener.open(outgoing, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as answer:  # one with an error status is an answer too
            return answer

    @staticmethod
    def _read(answer, limit):
        body = answer.read(limit + 1)
        if len(body) > limit:
            raise huizheng.HttpError.TooLarge()
        headers = [huizheng.HttpHeader(name=name, value=value) for name, value in answer.headers.items()]
        return huizheng.HttpResponse(status=answer.status, headers=headers, body=body)
