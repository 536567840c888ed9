"""The example in JupyterLab, in a real browser: cards that change while one looks on, and a form that is filled in."""
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import HERE
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

TOKEN = "for-this-test"


@pytest.fixture(scope="module")
def lab(environment, tmp_path_factory):
    """JupyterLab, serving the example: its address."""
    folder = tmp_path_factory.mktemp("notebooks")
    # Or it asks whether to fetch news, in front of the notebook.
    settings = Path(environment["JUPYTERLAB_SETTINGS_DIR"]) / "@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}', encoding="utf-8")
    shutil.copy(HERE / "example.ipynb", folder)
    log = open(folder / "lab.log", "w+", encoding="utf-8")
    options = ["--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}",
               "--LabApp.expose_app_in_browser=True"]
    process = subprocess.Popen([sys.executable, "-m", "jupyterlab", *options], cwd=folder, env=environment, stderr=log,
                               stdout=log)
    try:
        yield answering_address(folder / "lab.log", process)
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def answering_address(log, process):
    """What the log names, once it answers."""
    for _ in range(600):
        text = log.read_text(encoding="utf-8")
        found = re.search(r"http://127\.0\.0\.1:\d+/", text)
        try:
            if found and urllib.request.urlopen(f"{found[0]}api", timeout=5):
                return found[0]
        except OSError:
            pass
        assert process.poll() is None, text
        time.sleep(0.1)
    pytest.fail(f"JupyterLab does not answer:\n{text}")


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    # The tests run as root, in containers with a small /dev/shm.
    for argument in "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1100,1160":
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    driver.set_script_timeout(120)
    yield driver
    driver.quit()


class Notebook:
    """The notebook as a person sees it."""

    def __init__(self, browser):
        self.browser = browser

    def until(self, condition, seconds=180):
        """What the condition gives once it gives something. A card is drawn anew at each event, so what was found in it
        may be gone a moment later."""
        gone = [NoSuchElementException, StaleElementReferenceException]
        return WebDriverWait(self.browser, seconds, 0.1, gone).until(lambda _: condition())

    def click(self, element, selector):
        self.until(lambda: [element.find_element(By.CSS_SELECTOR, selector).click()])

    def command(self, name):
        self.browser.execute_async_script(
            "window.jupyterapp.commands.execute(arguments[0]).then(() => arguments[1](), () => arguments[1]())", name)

    def cell(self, marker):
        """The cell whose source has the marker, scrolled to: cells out of sight are not drawn."""
        self.browser.execute_script(
            """const notebook = window.jupyterapp.shell.currentWidget.content;
            const index = notebook.widgets.findIndex((cell) => cell.model.sharedModel.source.includes(arguments[0]));
            notebook.activeCellIndex = index; notebook.scrollToItem(index, "smart");""", marker)
        return self.until(lambda: self.browser.execute_script(
            """const notebook = window.jupyterapp.shell.currentWidget.content;
            return notebook.widgets.find((cell) => cell.model.sharedModel.source.includes(arguments[0])).node;""",
            marker))

    def output(self, marker):
        return self.cell(marker).find_element(By.CSS_SELECTOR, ".jp-Cell-outputArea").text


@pytest.fixture(scope="module")
def notebook(browser, lab):
    browser.get(f"{lab}doc/tree/example.ipynb?token={TOKEN}")
    page = Notebook(browser)
    page.until(lambda: browser.execute_script(
        "return window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"))
    return page


def test_a_card_changes_while_one_looks_on(notebook):
    notebook.cell("import digitalhub_sidecar")
    for marker in "import digitalhub_sidecar", 'name="shell"', "job = shell.run":
        notebook.cell(marker)
        notebook.command("notebook:run-cell")
    seen = []

    def over():
        text = notebook.output("job = shell.run")
        if text and (not seen or text != seen[-1]):
            seen.append(text)
        return "COMPLETED" in text

    notebook.until(over)
    running = [text for text in seen if "RUNNING" in text and "COMPLETED" not in text]
    # The log grew, line by line, while nothing was executed.
    assert len({text.count("of 4") for text in running}) >= 3, seen
    assert "step 4 of 4" in notebook.until(lambda: notebook.output("job = shell.run"))


def test_a_form_is_filled_in_and_its_service_opened(notebook, browser):
    for marker in "IMAGE = os", 'name="shell"', "serve = dh.form":
        notebook.cell(marker)
        notebook.command("notebook:run-cell")
    form = notebook.cell("serve = dh.form")
    notebook.until(lambda: form.find_elements(By.CSS_SELECTOR, ".jupyter-widgets button.mod-primary"))
    label = form.find_element(By.XPATH, ".//*[contains(@class, 'widget-label')][. = 'Replicas']")
    replicas = label.find_element(By.XPATH, "./ancestor::*[contains(@class,'widget-hbox')][1]//input")
    replicas.send_keys("2", Keys.TAB)
    notebook.click(form, "button.mod-primary")
    notebook.until(lambda: len(form.find_elements(By.CSS_SELECTOR, ".digitalhub-sidecar a")) == 2)
    links = notebook.until(lambda: [
        link.get_attribute("href") for link in form.find_elements(By.CSS_SELECTOR, ".digitalhub-sidecar a")])
    for link in links:
        assert urllib.request.urlopen(link, timeout=10).read().decode() == "It answers.\n"
    browser.execute_script(
        "arguments[0].querySelector('.digitalhub-sidecar').scrollIntoView({block: 'end'})", form)
    time.sleep(0.5)
    if os.environ.get("DH_TEST_PICTURE"):
        browser.save_screenshot(os.environ["DH_TEST_PICTURE"])
    first = browser.current_window_handle
    notebook.click(form, ".digitalhub-sidecar a")
    notebook.until(lambda: len(browser.window_handles) == 2)
    browser.switch_to.window([handle for handle in browser.window_handles if handle != first][0])
    notebook.until(lambda: "It answers." in browser.find_element(By.TAG_NAME, "body").text)
    browser.close()
    browser.switch_to.window(first)
    notebook.browser.execute_async_script(
        """const done = arguments[0];
        const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
        kernel.requestExecute({code: "serve.result.delete()"}).done.then(() => done(), () => done());""")
