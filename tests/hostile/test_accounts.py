"""Other accounts of the same machine, with and without the token."""

import json
import os
import re
import subprocess
import sys

import pytest

from quests_app.server import connection_owner
from tests.hostile.client import SECONDS, Page, fetch, run
from tests.hostile.server import WAYS, ServedAs
from tests.load.server import WITHOUT_UMAP

pytestmark = pytest.mark.jit
REFUSED = "this server does not open paths"
# What is shown of a file that can be opened: a message that quotes it, and nothing is computed.
QUOTED = "contents-of-mine"
# Of another account, which cannot read this project once it is that: all is imported before.
VISIT = """
import json, os, sys
from tests.hostile.client import Page, run

async def import_all():
    await (await Page(sys.argv[1]).load()).connect()

run(import_all())
os.setuid(int(sys.argv[3]))

async def scenario():
    page = await Page(sys.argv[1]).load("file=" + sys.argv[2])
    wire = await page.connect()
    await wire.event("document_ready", {})
    await wire.wait_for(sys.argv[4])
    await wire.pull()
    assert sys.argv[5] not in json.dumps(wire.document)

run(scenario())
"""


@pytest.fixture
def private(tmp_path):
    path = tmp_path / "private-file.xyz"
    path.write_text(f"1\n\nH 0 0 {QUOTED}\n")
    path.chmod(0o600)
    return path


async def shown(page: Page, query: str, text: str, **headers: str) -> None:
    """Open a page, wait until it shows a text, and check that it shows nothing else of the file."""
    wire = await (await page.load(query, **headers)).connect(**headers)
    await wire.event("document_ready", {})
    await wire.wait_for(text)
    await wire.pull()
    document = json.dumps(wire.document)
    assert text in document
    assert text == QUOTED or QUOTED not in document
    wire.close()


@pytest.mark.skipif(not connection_owner.is_known(), reason="this system does not list connections")
def test_the_servers_account_opens_paths(server, private):
    run(shown(Page(server.address), f"file={private}", QUOTED))


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root starts processes of other accounts")
def test_another_account_of_the_machine_opens_none(server, private):
    command = [sys.executable, "-c", VISIT, server.address, str(private), "65534", REFUSED, QUOTED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=["plain"])
def with_token(request, tmp_path_factory):
    """Serve with a chosen token, as where the owner of a connection is unknown."""
    assert request.param in WAYS
    folder = tmp_path_factory.mktemp("token")
    own = {"QUESTS_TOKEN": "a-token-of-ours", "QUESTS_CACHE_DIR": os.environ["QUESTS_CACHE_DIR"]}
    with ServedAs(request.param, folder, *WITHOUT_UMAP, **own) as server:
        yield server


@pytest.mark.slow
def test_the_token_is_printed_and_lets_one_browser_open_paths(with_token, private):
    address = with_token.address
    (printed,) = re.findall(r"by their paths: \S+(/app\?token=\S+)", with_token.log.read_text())

    async def scenario():
        # Without the token: the demo and uploads, no paths.
        await shown(Page(address), f"file={private}", REFUSED)
        for wrong in ("a-token-of-our", "", "a-token-of-ours-and-more", "%00"):
            assert (await fetch(address, f"/app?token={wrong}")).code == 403
        answer = await fetch(address, f"{printed}&size=2")
        assert answer.code == 302
        assert answer.headers["Location"] == "/app?size=2", "it stays neither in the address nor in links"
        page = await Page(address).load(printed.partition("?")[2])
        assert page.response.code == 200
        # From then on, the cookie of this browser has it.
        await shown(page, f"file={private}", QUOTED)
        await shown(Page(address), f"file={private}", REFUSED)
        await shown(page, f"file={private}", REFUSED, X_Forwarded_For="127.0.0.1")

    run(scenario())
