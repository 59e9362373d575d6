import httpx
import pytest

from api import problems


@pytest.mark.parametrize(("lang", "word"), [("vi", "Cần làm gì"), ("en", "What to do")])
async def test_the_page_explains_every_kind_of_problem_and_loads_nothing(
    lonely_client: httpx.AsyncClient, lang: str, word: str
) -> None:
    answer = await lonely_client.get("/docs", params={"lang": lang})
    assert answer.status_code == 200
    assert word in answer.text
    assert all(f'id="{kind.slug}"' in answer.text for kind in problems.KINDS.values())
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "<script" not in answer.text


async def test_the_page_names_the_doors(lonely_client: httpx.AsyncClient) -> None:
    text = (await lonely_client.get("/docs")).text
    for door in ("/lookup", "/rollups", "/health"):
        assert f"GET {door}" in text


async def test_the_type_of_a_problem_leads_to_its_explanation(lonely_client: httpx.AsyncClient) -> None:
    problem = (await lonely_client.get("/nothing/here")).json()
    answer = await lonely_client.get(problem["type"], follow_redirects=True)
    assert answer.status_code == 200
    assert f'id="{problem["type"].split("#")[1]}"' in answer.text
