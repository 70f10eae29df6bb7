"""Typing, merging and settling doubts on the page, in a real browser with the real service."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from support.desk import (
    MERGED,
    ORIGINAL,
    REFUSED,
    RESULT,
    SNIPPET,
    choose_example,
    content,
    result,
    says,
    signed,
    write,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from support.service import Service

BEFORE = 'def greet(name):\n    print("hi " + name)\n\n\ngreet("you")\n'
SNIPPET_TEXT = 'def greet(name):\n    print(f"hi {name}")\n# ... existing code ...\n'
AFTER = BEFORE.replace('"hi " + name', 'f"hi {name}"')


def on_the_wire(page: Page) -> list[dict[str, Any]]:
    """The bodies of all merges that are asked for from now on."""
    asked: list[dict[str, Any]] = []
    page.on("request", lambda request: asked.append(request.post_data_json) if request.url.endswith("/apply") else None)
    return asked


def test_the_first_example_is_merged_and_says_where_each_line_comes_from(page: Page) -> None:
    says(page, "Merged: 6 lines added, 1 removed.")
    expect(page.locator(f"{RESULT} .cm-deletedLine")).to_have_text("    def get(self, key):")
    expect(page.locator(f"{RESULT} .cm-line.cm-from-snippet")).to_have_count(6)
    assert (signed(page, "S"), signed(page, "−"), signed(page, "M")) == (6, 1, 0)
    facts = page.locator("#facts").inner_text().split("\n")
    assert facts == ["Engine", "structural", "Language", "python", "Read as", "a lazy edit"]
    stages = page.locator("#timings tr").all_inner_texts()
    assert len(stages) >= 3
    assert all(re.search(r"\d ms", stage) for stage in stages)


def test_every_example_is_what_it_says(page: Page) -> None:
    for title in page.get_by_label("Example").locator("option").all_text_contents():
        with page.expect_response("**/v1/apply") as answered:
            choose_example(page, title)
        says(page, REFUSED if title.startswith("In doubt") else MERGED)
        assert answered.value.status == (422 if title.startswith("In doubt") else 200)
        assert not answered.value.request.post_data_json.get("choices")


def test_what_is_typed_is_merged_after_a_pause_and_once(page: Page) -> None:
    says(page, MERGED)
    write(page, ORIGINAL, "a = 1\nb = 2\n")
    asked = on_the_wire(page)
    write(page, SNIPPET, "")
    content(page, SNIPPET).press_sequentially("a = 10\n# ...\n")
    says(page, "Merged: 1 line added, 1 removed.")
    assert result(page) == "a = 10\nb = 2\n"
    assert len(asked) < len("a = 10\n# ...\n")
    assert asked[-1]["edit_snippet"] == "a = 10\n# ...\n"


def test_the_button_and_ctrl_enter_merge_where_typing_does_not(page: Page) -> None:
    says(page, MERGED)
    page.get_by_label("as I type").uncheck()
    asked = on_the_wire(page)
    write(page, ORIGINAL, BEFORE)
    write(page, SNIPPET, SNIPPET_TEXT)
    # The command follows the texts after the same pause that a merge waits for: by now there would be one.
    expect(page.locator("#curl")).to_contain_text('f\\"hi {name}')
    assert asked == []
    page.keyboard.press("Control+Enter")
    says(page, "Merged: 1 line added, 1 removed.")
    assert result(page) == AFTER
    assert content(page, SNIPPET).inner_text().rstrip() == SNIPPET_TEXT.rstrip()
    write(page, SNIPPET, "# ...\n")
    page.get_by_role("button", name="Merge").click()
    says(page, "Merged: no change.")


def test_an_answer_that_is_overtaken_is_never_shown(page: Page) -> None:
    says(page, MERGED)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/v1/apply", hold_the_first)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/v1/apply")):
        choose_example(page, "Rust")
        expect(page.locator("#result")).to_have_attribute("aria-busy", "true")
        choose_example(page, "Go")
    says(page, "Merged: 9 lines added, 0 removed.")
    assert len(held) == 1
    assert "Refused()" in result(page)


def test_a_candidate_is_shown_and_settles_the_doubt(page: Page) -> None:
    choose_example(page, "two methods")
    says(page, REFUSED)
    expect(page.locator(f"{SNIPPET} .cm-doubted")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^Line 15")).click()
    expect(page.locator(f"{ORIGINAL} .cm-shown")).to_have_text("        self.seen += 1")
    numbers = page.locator(f"{ORIGINAL} .cm-lineNumbers .cm-gutterElement")
    box, line = (
        page.locator(f"{ORIGINAL} .cm-shown").bounding_box(),
        numbers.get_by_text("15", exact=True).bounding_box(),
    )
    assert box
    assert line
    assert abs(box["y"] - line["y"]) < 3
    page.get_by_role("button", name="It belongs here: line 15").click()
    says(page, "Merged: 1 line added, 0 removed.")
    assert "pop(self):\n        self.seen += 1\n        self.log()\n        return" in result(page)
    expect(page.locator("#doubts")).to_contain_text("You settled a doubt.")
    page.get_by_role("button", name="Take it back").click()
    says(page, REFUSED)


def test_new_text_is_put_where_a_person_says(page: Page) -> None:
    choose_example(page, "between two markers")
    says(page, REFUSED)
    places = page.get_by_role("button", name="Put it here")
    texts = set()
    for number in range(places.count()):
        places.nth(number).click()
        says(page, MERGED)
        texts.add(result(page))
        page.get_by_role("button", name="Take it back").click()
        says(page, REFUSED)
    assert len(texts) == 4
    assert all("def close(self):" in text for text in texts)


def test_choices_are_dropped_when_the_texts_change(page: Page) -> None:
    choose_example(page, "two methods")
    page.get_by_role("button", name="It belongs here: line 7").click()
    says(page, MERGED)
    content(page, SNIPPET).press("Control+End")
    page.keyboard.type("# ...")
    says(page, REFUSED)


def test_the_best_guess_is_shown_on_wish_with_its_doubts(page: Page) -> None:
    choose_example(page, "two methods")
    page.get_by_role("button", name="Show the best guess").click()
    says(page, "Best guess, with 1 doubt: 1 line added, 0 removed.")
    expect(page.get_by_label("In doubt", exact=True)).to_have_value("best")
    expect(page.locator(".doubt")).to_contain_text("ambiguous_anchor")
    assert "self.log()" in result(page)


def test_characters_beyond_the_first_plane_shift_nothing(page: Page) -> None:
    write(page, ORIGINAL, '# 🦆🦆🦆🦆\nname = "🦆"\nold = 1\nkept = "🦆"\n')
    write(page, SNIPPET, '# ...\nname = "🦆"\nold = 2\nkept = "🦆"\n')
    says(page, "Merged: 1 line added, 1 removed.")
    expect(page.locator(f"{RESULT} .cm-deletedLine")).to_have_text("old = 1")
    expect(page.locator(f"{RESULT} .cm-from-snippet.cm-line")).to_have_text("old = 2")


def test_what_stays_is_folded_on_wish(page: Page) -> None:
    choose_example(page, "Go")
    folded = page.locator(f"{RESULT} .cm-collapsedLines")
    expect(folded).to_have_count(3)
    page.get_by_label("fold what stays").uncheck()
    expect(folded).to_have_count(0)


def test_lines_of_a_model_are_told_from_those_of_the_snippet(page: Page, service: Service) -> None:
    edit = {"original_code": BEFORE, "edit_snippet": SNIPPET_TEXT, "path": "greet.py"}
    answer = service.apply(edit).json()
    spans = [{**span, "source": "model"} if span["source"] == "snippet" else span for span in answer["provenance"]]
    told = {**answer, "provenance": spans, "engine": "a-model"}
    page.route("**/v1/apply", lambda route: route.fulfill(json=told))
    write(page, ORIGINAL, BEFORE)
    expect(page.locator("#facts")).to_contain_text("a-model")
    assert (signed(page, "M"), signed(page, "S")) == (1, 0)


def test_the_command_gives_the_same_answer_in_a_shell(page: Page) -> None:
    page.get_by_label("Path", exact=True).fill('it\'s $HOME/`id`/"a" !x.py')
    write(page, ORIGINAL, "a = 'it''s'\nb = \"$(id) `id` \\\\ \\n !! 🦆\"\nc = '\\''\n")
    write(page, SNIPPET, "a = 'it''s' \"'\"\n# ...\nc = '\\''\nd = '$x'\n")
    says(page, "Merged: 2 lines added, 1 removed.")
    done = subprocess.run(["sh", "-c", page.locator("#curl").inner_text()], capture_output=True, check=True, timeout=30)
    assert json.loads(done.stdout)["merged_code"] == result(page)


def test_the_command_may_be_long(page: Page) -> None:
    write(page, ORIGINAL, "x = 'it is'\n" * 12_000)
    write(page, SNIPPET, "# ...\ny = 1\n")
    page.get_by_label("In doubt", exact=True).select_option("best")
    says(page, re.compile("Best guess|Merged"))
    expect(page.locator("#curl")).to_contain_text("<<'JSON'")
    command = page.locator("#curl").text_content()
    done = subprocess.run(["sh"], input=(command or "").encode(), capture_output=True, check=True, timeout=30)
    assert json.loads(done.stdout)["merged_code"] == result(page)


def test_the_command_and_the_result_are_copied(page: Page, service: Service) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=service.url)
    says(page, MERGED)
    for name, wanted in (("copy-result", result(page)), ("copy-curl", page.locator("#curl").inner_text())):
        page.locator(f"#{name}").click()
        expect(page.locator(f"#{name}")).to_have_text("Copied")
        assert page.evaluate("() => navigator.clipboard.readText()") == wanted


def test_the_file_keeps_its_name(page: Page) -> None:
    says(page, MERGED)
    choose_example(page, "Go")
    says(page, "Merged: 9 lines added, 0 removed.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "limiter.go"
