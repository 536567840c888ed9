"""The form page in a real browser: forms are filled, sent, and what they start answers."""
import json
import os
import socket
import time

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

SCRIPT = "mkdir -p /tmp/www; echo It answers. > /tmp/www/index.html; echo ready; exec httpd -f -p 8080 -h /tmp/www"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Page:
    """The page as a person uses it."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get("about:blank")
        browser.get_log("browser")
        browser.get(url)
        self.shown("function")

    def until(self, condition, seconds=20):
        try:
            return WebDriverWait(self.browser, seconds, 0.05).until(lambda _: condition())
        except TimeoutException:
            print(self.browser.execute_script("return document.body.innerText"), self.browser.get_log("browser"))
            raise

    def shown(self, form):
        self.until(lambda: self.browser.find_elements(By.CSS_SELECTOR, f"#form[data-shown='{form}']"))

    def choose(self, form):
        Select(self.browser.find_element(By.ID, "choice")).select_by_value(form)
        self.shown(form)

    def field(self, *path):
        name = "root" + "".join(f"[{part}]" for part in path)
        return self.browser.find_element(By.CSS_SELECTOR, f"#form [name='{name}']")

    def fill(self, text, *path):
        element = self.field(*path)
        element.clear()
        element.send_keys(text, "\t")

    def select(self, text, *path):
        Select(self.field(*path)).select_by_visible_text(text)

    def add(self, name):
        part = f"#form [data-schemapath='root.{name}']"
        self.browser.find_element(By.CSS_SELECTOR, f"{part} .json-editor-btn-add").click()

    def open_group(self, title):
        self.browser.find_element(By.XPATH, f"//summary[text()='{title}']").click()

    def text(self, element):
        return self.browser.find_element(By.ID, element).get_property("textContent")

    def send(self, button="send"):
        before = "pressed"
        self.browser.execute_script("document.getElementById('notice').textContent = arguments[0]", before)
        self.browser.find_element(By.ID, button).click()
        self.until(lambda: self.text("notice") != before)
        return self.text("notice")

    def sent(self):
        return json.loads(self.text("call"))


@pytest.fixture
def page(browser, bridge):
    opened = Page(browser, bridge.url)
    yield opened
    # A container that starts changes the machine's network, and the browser drops what is under way. Asked anew.
    loud = [entry["message"] for entry in browser.get_log("browser")
            if entry["level"] == "SEVERE" and "ERR_NETWORK_CHANGED" not in entry["message"]]
    assert loud == []


def create_function(page, name="web"):
    page.fill(name, "name")
    page.fill(os.environ["DH_TEST_IMAGE"], "image")
    page.fill("sh", "command")
    assert page.send() in ("Nothing is wrong with it.", f"{name} is kept.")
    page.until(lambda: page.text("notice") == f"{name} is kept.")
    assert page.sent() == {"method": "createFunction", "params": {
        "kind": "container", "name": name, "image": os.environ["DH_TEST_IMAGE"], "command": "sh"}}


def test_a_service_is_filled_in_run_and_opened(page, bridge, browser):
    create_function(page)
    page.choose("run.serve")
    port = free_port()
    page.fill("web", "function")
    for index, argument in enumerate(["-c", SCRIPT]):
        page.add("args")
        page.fill(argument, "args", index)
    page.add("envs")
    page.fill("EMPTY", "envs", 0, "name")
    page.add("service_ports")
    page.fill(str(port), "service_ports", 0, "port")
    page.fill("8080", "service_ports", 0, "target_port")
    page.select("ClusterIP", "service_type")
    page.send()
    # Exactly what was filled in: no default, no empty field; but an empty text where a text must be.
    assert page.sent()["params"] == {
        "action": "serve", "function": "web", "args": ["-c", SCRIPT], "service_type": "ClusterIP",
        "envs": [{"name": "EMPTY", "value": ""}], "service_ports": [{"port": port, "target_port": 8080}]}
    page.until(lambda: page.text("run-state") == "RUNNING", 60)
    page.until(lambda: "ready" in page.text("run-log"))
    link = page.until(lambda: browser.find_elements(By.CSS_SELECTOR, "#run-links a"))[0]
    assert link.get_property("href") == f"http://127.0.0.1:{port}/"
    first = browser.current_window_handle
    link.click()
    page.until(lambda: len(browser.window_handles) == 2)
    browser.switch_to.window([handle for handle in browser.window_handles if handle != first][0])
    page.until(lambda: "It answers." in browser.find_element(By.TAG_NAME, "body").text)
    # busybox has no favicon, which is not the page's fault.
    browser.get_log("browser")
    browser.close()
    browser.switch_to.window(first)
    browser.find_element(By.ID, "stop").click()
    page.until(lambda: page.text("run-state") == "STOPPED", 60)
    run = bridge.call("listRuns")["result"]["items"][0]
    assert run["status"]["state"] == "STOPPED"


def test_a_job_shows_its_log_and_how_it_ended(page):
    create_function(page, "job")
    page.choose("run.job")
    page.fill("job", "function")
    for index, argument in enumerate(["-c", "echo héllo; exit 3"]):
        page.add("args")
        page.fill(argument, "args", index)
    page.send()
    page.until(lambda: page.text("run-state") == "ERROR", 60)
    page.until(lambda: "héllo" in page.text("run-log"))
    assert "3" in page.text("run-message")


def test_a_volume_is_chosen_by_its_kind(page, browser):
    """A oneOf, whose variants a constant tells apart."""
    page.choose("run.job")
    page.fill("f", "function")
    page.open_group("Resources and volumes")
    page.fill("500m", "resources", "limits", "cpu")
    page.add("volumes")
    switcher = browser.find_element(By.CSS_SELECTOR, "#form [data-schemapath='root.volumes.0'] > select")
    Select(switcher).select_by_visible_text("Empty directory")
    holder = browser.find_element(By.CSS_SELECTOR, "#form [data-schemapath='root.volumes.0']")
    for name, value in ("name", "scratch"), ("mount_path", "/scratch"):
        shown = [element for element in holder.find_elements(By.CSS_SELECTOR, f"[name='root[volumes][0][{name}]']")
                 if element.is_displayed()]
        shown[0].send_keys(value, "\t")
    assert page.send("check") == "Nothing is wrong with it."
    assert page.sent()["params"] == {
        "action": "job", "function": "f", "resources": {"limits": {"cpu": "500m"}},
        "volumes": [{"volume_type": "empty_dir", "name": "scratch", "mount_path": "/scratch"}]}


BREAK = """const real = window.fetch; let broken = 0;
window.fetch = async (...all) => {
  // Carried out, but the answer is lost.
  const answer = await real(...all);
  if (all[1].body.startsWith('{"method":"METHOD"') && broken++ === 0) throw new TypeError("network changed");
  return answer;
};"""


def test_a_run_whose_answer_got_lost_is_one_run(page, bridge):
    create_function(page, "once")
    page.choose("run.job")
    page.fill("once", "function")
    page.add("args")
    page.fill("-c", "args", 0)
    page.add("args")
    page.fill("true", "args", 1)
    page.browser.execute_script(BREAK.replace("METHOD", "run"))
    page.send()
    page.until(lambda: page.text("run-state") == "COMPLETED", 60)
    assert bridge.call("listRuns")["result"]["total"] == 1


def test_a_function_whose_answer_got_lost_is_not_made_twice(page, bridge):
    page.fill("once", "name")
    page.fill("i", "image")
    page.browser.execute_script(BREAK.replace("METHOD", "createFunction"))
    page.send()
    page.until(lambda: "is not known" in page.text("notice"))
    assert len(bridge.call("listFunctions", versions="all")["result"]["items"]) == 1


def test_faults_are_shown_where_they_are(page):
    page.choose("run.serve")
    assert page.send("check") == "The form is not complete."
    assert "function" in page.text("faults")
    page.fill("f", "function")
    page.open_group("Resources and volumes")
    page.fill("2", "resources", "requests", "cpu")
    page.fill("1", "resources", "limits", "cpu")
    # No schema says that a request may not be above its limit: the sidecar does.
    assert page.send("check") == "These parameters are refused."
    assert page.text("faults").startswith("/resources: ")


def test_an_error_is_shown_in_the_sidecars_words(page):
    page.choose("run.job")
    page.fill("nothing", "function")
    page.send()
    page.until(lambda: "nothing" in page.text("notice") and "function" in page.text("notice").lower())
    assert page.browser.find_element(By.ID, "notice").get_attribute("class") == "error"


def test_a_secret_is_masked(page, bridge):
    page.choose("methods/setSecret")
    page.fill("API_TOKEN", "name")
    assert page.field("value").get_attribute("type") == "password"
    page.fill("hush-hush", "value")
    page.send()
    page.until(lambda: page.text("notice") == "API_TOKEN is kept.")
    assert "hush-hush" not in page.browser.execute_script("return document.body.innerText")
    assert [item["name"] for item in bridge.call("listSecrets")["result"]["items"]] == ["API_TOKEN"]


def test_the_token_leaves_the_address(page, bridge):
    assert bridge.token not in page.browser.current_url
    page.browser.refresh()
    page.shown("function")


def test_the_page_without_its_token_can_do_nothing(page, bridge):
    page.browser.execute_script("sessionStorage.clear()")
    page.browser.get("about:blank")
    page.browser.get(bridge.origin + "/")
    page.until(lambda: "open the printed address" in page.text("notice"))
    page.browser.get_log("browser")


ATTACK = """<!doctype html><meta charset="utf-8"><iframe src="ORIGIN/"></iframe><script>
const body = JSON.stringify({method: "createFunction", params: {name: "evil", kind: "container", image: "i"}});
const tries = [
  {method: "POST", body, mode: "no-cors"},
  {method: "POST", body, mode: "no-cors", headers: {"Content-Type": "text/plain"}},
  {method: "POST", body, headers: {"Content-Type": "application/json", Authorization: "Bearer TOKEN"}},
];
Promise.allSettled(tries.map((init) => fetch("ORIGIN/call", init))).then((results) => {
  document.title = "tried: " + results.map((result) => result.value?.type ?? "failed").join(" ");
});
</script>"""


def test_a_page_of_another_origin_can_do_nothing(browser, bridge, site):
    """Even one that has got hold of the token: the browser's Origin gives it away."""
    folder, address = site
    attack = ATTACK.replace("ORIGIN", bridge.origin).replace("TOKEN", bridge.token)
    (folder / "index.html").write_text(attack, encoding="utf-8")
    browser.get(address)
    WebDriverWait(browser, 20).until(lambda _: browser.title.startswith("tried"))
    # What could be sent unasked got an answer that the page can't read; the rest was not sent.
    assert browser.title == "tried: opaque opaque failed" or "cors" not in browser.title
    time.sleep(0.2)
    assert bridge.call("listFunctions")["result"]["items"] == []
    browser.switch_to.frame(0)
    assert "dh-sidecar" not in browser.execute_script("return document.documentElement.innerText")
    browser.switch_to.default_content()
    browser.get_log("browser")
