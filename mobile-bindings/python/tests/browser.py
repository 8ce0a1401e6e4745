"""A holder's browser at an issuer: logs in, agrees, and is sent back to the wallet."""

import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def log_in(address):
    """Opens a wallet's login address, logs in as the first of the demo's citizens and says yes; the address it ends at."""
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(url, **form):
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            answer = opener.open(urllib.request.Request(url, data, {"accept": "text/html"}), timeout=30)
        except urllib.error.HTTPError as redirect:
            answer = redirect
        with answer:
            return answer.headers.get("location"), answer.read().decode()

    def csrf(page):
        return re.search('name="csrf" value="([^"]+)"', page).group(1)

    to, _ = ask(address)
    for field in ({"citizen": "0"}, {"decision": "agree"}):
        url = urllib.parse.urljoin(address, to)
        _, page = ask(url)
        to, _ = ask(url, csrf=csrf(page), **field)
    return to
