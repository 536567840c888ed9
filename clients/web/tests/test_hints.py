"""The committed schemas and hints in the form libraries that they are for, in a browser.

react-jsonschema-form and JSON Forms come from Python packages that carry them, built (see clients/web/test).
"""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from jsonschema import Draft202012Validator
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

FORMS = ["function", "run.job", "run.serve", "run.build", "run.deploy", "methods/setSecret"]
REACT = "streamlit_rjsf/build"
JSON_FORMS = "streamlit_jsonforms_vuetify_renderer/frontend/dist"


def load(path):
    return json.loads((ROOT / "schema" / path).read_text(encoding="utf-8"))


def check(name, params):
    """What the committed schema and the product say of what a form gave."""
    Draft202012Validator(load(f"{name}.schema.json")).validate(params)
    method = "createFunction" if name == "function" else "setSecret" if "Secret" in name else "run"
    call = json.dumps({"method": method, "params": params})
    done = subprocess.run([os.environ["DH_SIDECAR_BIN"], "call", "validate", call], capture_output=True, text=True,
                          timeout=30)
    assert json.loads(done.stdout)["valid"], done.stdout


class Consumer:
    """A form library's page, given a form."""

    def __init__(self, browser, site, library, arguments, ready):
        folder, address = site
        shutil.copy(Path(__file__).with_name("consumer.html"), folder / "index.html")
        (folder / "library").symlink_to(Path(os.environ["DH_TEST_FORM_CONSUMERS"]) / library)
        self.browser = browser
        browser.get(address)
        # As text, since the driver sorts an object's members.
        browser.execute_script("show(arguments[0], arguments[1])", f"{address}/library/index.html",
                               json.dumps(arguments))
        browser.switch_to.frame(0)
        self.until(lambda: browser.find_elements(By.CSS_SELECTOR, ready))

    def until(self, condition):
        return WebDriverWait(self.browser, 20, 0.05).until(lambda _: condition())

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def sent(self, button):
        """What the form gives when it is sent; None where it refuses, with its words on the test's output."""
        self.browser.switch_to.default_content()
        self.browser.execute_script("window.values = []")
        self.browser.switch_to.frame(0)
        self.browser.execute_script("document.querySelector(arguments[0]).click()", button)
        self.browser.switch_to.default_content()
        values = self.browser.execute_async_script(
            "setTimeout(() => arguments[0](JSON.stringify(values)), 300)")
        self.browser.switch_to.frame(0)
        if values == "[]":
            print(*(element.text for element in self.all(".errors, .v-messages__message")), sep="\n")
            return None
        return json.loads(values)[-1]


@pytest.fixture
def react(browser, site):
    def show(name):
        arguments = {"schema": load(f"forms/{name}.schema.json"),
                     "uiSchema": load(f"ui/react-jsonschema-form/{name}.json"), "userData": None}
        return Consumer(browser, site, REACT, arguments, "form button[type=submit]")
    yield show
    browser.switch_to.default_content()


@pytest.fixture
def json_forms(browser, site):
    def show(name, data=None):
        form = {"schema": load(f"forms/{name}.schema.json"), "uischema": load(f"ui/json-forms/{name}.json")}
        return Consumer(browser, site, JSON_FORMS, {"props": {"form_schema": json.dumps(form), "data": data or {}}},
                        ".v-input")
    yield show
    browser.switch_to.default_content()


def hidden(hints):
    return {name for name, hint in hints.items() if isinstance(hint, dict) and hint.get("ui:widget") == "hidden"}


@pytest.mark.parametrize("name", FORMS)
def test_react_jsonschema_form_follows_the_order_and_the_widgets(react, name):
    hints = load(f"ui/react-jsonschema-form/{name}.json")
    page = react(name)
    # One id for each field: root_NAME, on the fieldset where the field is a list or an object.
    ids = page.browser.execute_script("return [...document.querySelectorAll('[id^=root_]')].map((field) => field.id)")
    names = load(f"forms/{name}.schema.json")["properties"]
    order = list(dict.fromkeys(field[5:] for field in ids if field[5:] in names))
    assert order == [field for field in hints["ui:order"] if field != "*"]
    for field in hidden(hints):
        assert [element.get_attribute("type") for element in page.all(f"#root_{field}")] == ["hidden"]
    for field, hint in hints.items():
        if not isinstance(hint, dict):
            continue
        if hint.get("ui:widget") == "textarea":
            assert page.all(f"textarea#root_{field}")
        if hint.get("ui:widget") == "password":
            assert page.all(f"input[type=password]#root_{field}")
        if hint.get("ui:placeholder") and page.all(f"input#root_{field}"):
            assert page.all(f"input#root_{field}")[0].get_attribute("placeholder") == hint["ui:placeholder"]
    assert "Unsupported field" not in page.browser.find_element(By.TAG_NAME, "body").text
    assert "Unknown field type" not in page.browser.find_element(By.TAG_NAME, "body").text


def test_react_jsonschema_form_gives_what_the_wire_takes(react):
    page = react("run.serve")
    page.all("#root_function")[0].send_keys("web")
    page.all("#root_replicas")[0].send_keys("2")

    def add(field):
        page.browser.execute_script(
            "document.getElementById(arguments[0]).querySelector('.btn-add').click()", f"root_{field}")

    add("service_ports")
    page.until(lambda: page.all("#root_service_ports_0_port"))[0].send_keys("8080")
    add("envs")
    page.until(lambda: page.all("#root_envs_0_name"))[0].send_keys("EMPTY")
    page.all("#root_envs_0_value")[0].send_keys("x\b")
    add("volumes")
    variants = page.until(lambda: page.all("#root_volumes_0__oneof_select"))[0]
    Select(variants).select_by_visible_text("Empty directory")
    page.until(lambda: page.all("#root_volumes_0_spec_size_limit"))
    page.all("#root_volumes_0_name")[0].send_keys("scratch")
    page.all("#root_volumes_0_mount_path")[0].send_keys("/scratch")
    # What the library's option noHtml5Validate does: HTML's own check can't tell "empty" from "not given".
    page.browser.execute_script("document.querySelector('form').noValidate = true")
    params = page.sent("button[type=submit]")["formData"]
    assert params["action"] == "serve" and params["function"] == "web" and params["replicas"] == 2
    assert params["envs"] == [{"name": "EMPTY", "value": ""}]
    assert params["volumes"][0]["volume_type"] == "empty_dir"
    assert "image_pull_policy" not in params and "service_type" not in params
    check("run.serve", params)


def labels(name, hints):
    """The titles of the hints' controls, in their order."""
    if hints["type"] == "Control":
        return [load(f"forms/{name}.schema.json")["properties"][hints["scope"].split("/")[-1]]["title"]]
    return [label for element in hints["elements"] for label in labels(name, element)]


@pytest.mark.parametrize("name", FORMS)
def test_json_forms_shows_every_control_in_its_group_and_order(json_forms, name):
    hints = load(f"ui/json-forms/{name}.json")
    page = json_forms(name)
    text = page.browser.execute_script("return document.body.textContent")
    groups = [group["label"] for group in hints["elements"] if group["type"] == "Group"]
    assert len(groups) != 1
    places = [text.find(title) for title in groups]
    assert places == sorted(places) and -1 not in places
    assert [title for title in labels(name, hints) if title not in text] == []
    assert "No applicable renderer" not in text
    assert [element for element in page.all("*[class*=error]") if "renderer" in element.text] == []
    if name == "methods/setSecret":
        assert len(page.all("input[type=password]")) == 1


def test_json_forms_gives_what_the_wire_takes(json_forms):
    page = json_forms("methods/setSecret")
    page.all("input[id*='name']")[0].send_keys("API_TOKEN")
    page.all("input[type=password]")[0].send_keys("hush")
    # JSON Forms takes what was typed after a moment.
    params = page.until(lambda: page.sent("button.bg-primary"))
    assert params == {"name": "API_TOKEN", "value": "hush"}
    check("methods/setSecret", params)
