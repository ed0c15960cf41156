package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.NoSuchElementException;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Chromium without a screen, which tells what it asked for and what it complained of. */
final class LivePageBrowser implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final Pattern ASKED = Pattern.compile(
            "\"method\":\"Network\\.requestWillBeSent\".*?\"request\":\\{.*?\"url\":\"([^\"]*)\"", Pattern.DOTALL);

    private final ChromeDriver driver;
    private final String host;

    /** @param host where the page is, and nothing else may be asked of */
    LivePageBrowser(String host) {
        this.host = host;
        ChromeOptions options = new ChromeOptions();
        options.setBinary(program("chromium", "/usr/bin/chromium").toString());
        options.addArguments(
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
        // Named, so that nothing is looked for elsewhere.
        File service = program("chromedriver", "/usr/bin/chromedriver").toFile();
        driver = new ChromeDriver(
                new ChromeDriverService.Builder().usingDriverExecutable(service).build(), options);
    }

    private static Path program(String property, String usual) {
        Path path = Path.of(System.getProperty(property, usual));
        assertThat(path).as("the package %s, or -D%s=PATH", property, property).isExecutable();
        return path;
    }

    void size(int width, int height, boolean phone) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", phone ? 2 : 1, "mobile", phone));
    }

    void scheme(String darkOrLight) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", darkOrLight))));
    }

    void reachable(boolean isReachable) {
        driver.executeCdpCommand(
                "Network.emulateNetworkConditions",
                Map.of("offline", !isReachable, "latency", 0, "downloadThroughput", -1, "uploadThroughput", -1));
    }

    /** Loads it anew, whatever was open. */
    void open(String hash) {
        driver.get("about:blank");
        driver.get("http://" + host + "/" + hash);
    }

    Object script(String code, Object... arguments) {
        return driver.executeScript(code, arguments);
    }

    WebElement find(String selector) {
        return driver.findElement(By.cssSelector(selector));
    }

    List<WebElement> all(String selector) {
        return driver.findElements(By.cssSelector(selector));
    }

    /** The text that is there; empty where the element is not. */
    String text(String selector) {
        try {
            return find(selector).getText();
        } catch (NoSuchElementException | StaleElementReferenceException notNow) {
            return "";
        }
    }

    void await(String what, Supplier<Boolean> holds) throws Exception {
        Eventually.await(
                what,
                LIMIT,
                () -> {
                    try {
                        return holds.get();
                    } catch (NoSuchElementException | StaleElementReferenceException notYet) {
                        return false;
                    }
                },
                () -> text("body") + "\n" + script("return document.getElementById('toast').textContent"));
    }

    void shoot(String name) throws IOException {
        Path file = Path.of("target", name);
        Files.createDirectories(file.getParent());
        Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
    }

    Dimension window() {
        return new Dimension(
                ((Number) script("return document.documentElement.scrollWidth")).intValue(),
                ((Number) script("return document.documentElement.scrollHeight")).intValue());
    }

    /** Errors and warnings of the page's console since this was last asked, and requests to other hosts. */
    List<String> complaints() {
        List<String> console = driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::getMessage)
                .toList();
        List<String> elsewhere = driver.manage().logs().get(LogType.PERFORMANCE).getAll().stream()
                .map(LogEntry::getMessage)
                .map(ASKED::matcher)
                .filter(Matcher::find)
                .map(matcher -> matcher.group(1))
                .filter(url -> !url.startsWith("http://" + host + "/"))
                .filter(url -> !url.startsWith("data:") && !url.startsWith("chrome:") && !url.startsWith("about:"))
                .toList();
        return java.util.stream.Stream.concat(console.stream(), elsewhere.stream())
                .toList();
    }

    @Override
    public void close() {
        driver.quit();
    }
}
