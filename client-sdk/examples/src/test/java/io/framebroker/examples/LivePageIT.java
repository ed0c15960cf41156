package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.client.FrameConsumer;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.v1.DeleteStreamRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.PixelFormat;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/**
 * The live page in Chromium, with a broker, cameras and processors that are processes of their own: one group keeps up, one
 * lags, one has dead letters. Needs the packages chromium and chromium-driver.
 */
@Timeout(300)
class LivePageIT {
    private static final List<String> CAMERAS = List.of("dock-1", "dock-2", "gate", "lobby", "roof", "yard");
    private static final int LETTERS = 3;
    private static final String WHY = "plate reader: model answered NaN";

    private static Programs programs;
    private static LivePageBrowser browser;
    private static FrameConsumer failing;

    @BeforeAll
    static void start() throws Exception {
        programs = new Programs("--http-port", "0");
        programs.capture(
                "--camera", "gate=synthetic:640x360@12",
                "--camera", "yard=synthetic:640x360@12",
                "--camera", "dock-1=synthetic:640x360@10",
                "--camera", "dock-2=synthetic:800x450@8",
                "--camera", "lobby=synthetic:640x360@6");
        programs.capture("--format", "raw", "--camera", "roof=synthetic:640x360@4");
        programs.processor("--streams", "*", "--group", "motion", "--delay-ms", "1", "--health-port", "-1");
        programs.processor("--streams", "yard", "--group", "plates", "--delay-ms", "150", "--health-port", "-1");
        AtomicInteger letters = new AtomicInteger();
        failing = programs.client()
                .consumer("gate", "dock-1")
                .group("faces")
                .consumerId("faces-1")
                .onFrame(frame -> {
                    if (frame.attempt() == 1 && frame.sequence() % 20 == 0 && letters.incrementAndGet() <= LETTERS) {
                        frame.deadLetter(WHY);
                    }
                });
        browser = new LivePageBrowser(programs.http());
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (failing != null) {
            failing.close();
        }
        if (programs != null) {
            programs.close();
        }
    }

    @BeforeEach
    void openThePage() throws Exception {
        browser.size(1400, 950, false);
        browser.scheme("dark");
        browser.open("#");
        browser.await("a card for each camera", () -> cameras().containsAll(CAMERAS));
    }

    @AfterEach
    void nothingIsComplainedOfOrAskedElsewhere() {
        assertThat(browser.complaints()).isEmpty();
    }

    private static List<String> cameras() {
        return browser.all(".card").stream()
                .map(card -> card.getDomAttribute("data-camera"))
                .toList();
    }

    private static String picture(String camera) {
        return (String) browser.script(
                "return document.querySelector(`[data-camera=\"${arguments[0]}\"] canvas`).toDataURL()", camera);
    }

    @Test
    void thePicturesOfAllCamerasMove() throws Exception {
        for (String camera : CAMERAS) {
            browser.await(camera + " has a picture", () -> isColoured(camera));
            String before = picture(camera);
            browser.await(camera + " moves", () -> !picture(camera).equals(before));
        }
    }

    private static boolean isColoured(String camera) {
        return (Boolean) browser.script(
                "const c = document.querySelector(`[data-camera=\"${arguments[0]}\"] canvas`);"
                        + " const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                        + " return p.some((value, i) => i % 4 < 3 && value > 60);",
                camera);
    }

    @Test
    void picturesThatAreOffMoveNoMoreAndNobodyLooks() throws Exception {
        browser.await("the page looks on", () -> pagesOf("lobby") == 1);

        browser.find("#pictures").click();

        browser.await("the page looks on no more", () -> pagesOf("lobby") == 0);
        String before = picture("lobby");
        assertThat(browser.text("[data-camera=lobby] .screen-age")).isEqualTo("pictures are off");
        String totals = browser.text("#totals");
        browser.await("the numbers go on", () -> !browser.text("#totals").equals(totals));
        assertThat(picture("lobby")).isEqualTo(before);
    }

    private static long pagesOf(String camera) {
        return (Long) browser.script(
                "const r = new XMLHttpRequest(); r.open('GET', `/live/state?stream=${arguments[0]}`, false); r.send();"
                        + " return JSON.parse(r.responseText).shown[0].pages",
                camera);
    }

    @Test
    void aGroupThatLagsIsNamedWithTheReason() throws Exception {
        browser.await(
                "the group on its card",
                () -> browser.text("[data-camera=yard]").contains("behind"));
        browser.await(
                "its window as the reason",
                () -> browser.find("[data-camera=yard] .group:nth-child(2)")
                        .getDomAttribute("title")
                        .contains("window full"));
        assertThat(browser.text("[data-camera=yard] .group:nth-child(2)")).contains("plates");
        assertThat(browser.text("[data-camera=yard] .group:nth-child(1)")).contains("motion", "keeps up");
    }

    @Test
    void aCameraOpensWithItsGroupsAndWhoIsInThem() throws Exception {
        WebElement link = browser.find("[data-camera=gate] .card-title a");
        link.sendKeys(Keys.ENTER);

        browser.await("its groups", () -> browser.all("[data-group] tbody tr").size() == 2);
        assertThat(browser.text("h1")).isEqualTo("gate");
        assertThat(browser.text("[data-group=faces]")).contains("faces-1");
        assertThat(browser.text(".facts")).contains("1 live page, which looks on and settles nothing");
        browser.await(
                "plots", () -> (Boolean) browser.script("return [...document.querySelectorAll('.plot')].every(c =>"
                        + " c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(value => value))"));
        browser.shoot("page-camera.png");

        browser.find("body").sendKeys(Keys.ESCAPE);
        browser.await("the wall again", () -> cameras().containsAll(CAMERAS));
    }

    @Test
    void whatThePageSaysIsWhatTheLedgerSays() throws Exception {
        byte[] gray = new byte[64 * 48];
        try (FramePublisher publisher = programs.client().publisher("quiet").open();
                FrameConsumer audit = consumeSome()) {
            for (int i = 0; i < 12; i++) {
                publisher.publish(OutgoingFrame.raw(gray, PixelFormat.PIXEL_FORMAT_GRAY8, 64, 48));
            }
            publisher.flush().get(60, TimeUnit.SECONDS);
            Eventually.await(
                    "the ledger at rest",
                    Duration.ofSeconds(60),
                    () -> audit(programs.ledger("quiet")).getAcked() == 7
                            && audit(programs.ledger("quiet")).getPending() == 3,
                    () -> audit.stats() + " " + programs.ledger("quiet"));

            browser.open("#camera/quiet");
            GetLedgerResponse ledger = programs.ledger("quiet");
            browser.await(
                    "the offered ones",
                    () -> browser.text(".ledger").contains(ledger.getStream().getOffered() + " offered"));
            GroupLedger group = audit(ledger);
            assertThat(group.getSkippedMap()).isEqualTo(Map.of("TOO_DARK", 2L));
            browser.await("the group's", () -> browser.text(".ledger").contains("3 pending"));
            assertThat(browser.text(".ledger").replaceAll("\\s+", " "))
                    .contains(
                            ledger.getStream().getStored() + " stored",
                            group.getStored() + " stored",
                            group.getAcked() + " acked",
                            group.getPending() + " pending",
                            group.getWaiting() + " waiting",
                            "2 skipped: too dark",
                            "balances")
                    .doesNotContain("not accounted");
        } finally {
            programs.client()
                    .streams()
                    .deleteStream(DeleteStreamRequest.newBuilder()
                            .setName("quiet")
                            .setForce(true)
                            .build());
        }
    }

    /** Seven acks, two skips, and three kept in hand. */
    private static FrameConsumer consumeSome() {
        AtomicInteger came = new AtomicInteger();
        return programs.client()
                .consumer("quiet")
                .group("audit")
                .fromEarliest()
                .manualSettle()
                .onFrame(frame -> {
                    int number = came.incrementAndGet();
                    if (number <= 7) {
                        frame.ack();
                    } else if (number <= 9) {
                        frame.skip("TOO_DARK");
                    }
                });
    }

    private static GroupLedger audit(GetLedgerResponse ledger) {
        return ledger.getGroupsList().stream()
                .filter(each -> each.getGroup().equals("audit"))
                .findFirst()
                .orElse(GroupLedger.getDefaultInstance());
    }

    @Test
    void aLedgerThatDoesNotBalanceIsLoud() {
        Object text = browser.script("""
                return import('/live/ledger.js').then(({ Ledger }) => {
                  const ledger = new Ledger(() => 'in');
                  const balances = ledger.update([{
                    name: 'cam', groups: [],
                    ledger: { offered: 10, stored: 7, appending: 0, dropped: {}, reported: {}, imbalance: 3 },
                  }]);
                  document.body.append(ledger.root);
                  return balances + ': ' + ledger.root.innerText;
                })""");

        assertThat(text.toString()).startsWith("false").contains("3 frames are not accounted for");
        assertThat(browser.all(".bar.out .part.lost")).hasSize(1);
    }

    @Test
    void aBrokerThatIsAwayIsSaidAndComesBackByItself() throws Exception {
        browser.reachable(false);
        browser.await("it is said", () -> browser.text("#away").startsWith("The broker does not answer."));
        assertThat(browser.text("#status")).isEqualTo("away");

        browser.reachable(true);

        browser.await(
                "it is back",
                () -> browser.text("#away").isEmpty()
                        && !browser.text("#status").equals("away"));
        String before = picture("lobby");
        browser.await("its pictures, too", () -> !picture("lobby").equals(before));
        // What was asked in vain is in the console.
        assertThat(browser.complaints()).allMatch(line -> line.contains("ERR_INTERNET_DISCONNECTED"));
    }

    @Test
    void theFilterLeavesThoseItNames() throws Exception {
        browser.find("body").sendKeys("/");
        assertThat(browser.script("return document.activeElement.id")).isEqualTo("filter");
        browser.find("#filter").sendKeys("DOCK");
        browser.await("two cameras", () -> cameras().equals(List.of("dock-1", "dock-2")));

        browser.find("#filter").sendKeys("<b>x");
        browser.await(
                "words instead of cameras", () -> browser.text(".empty-wall").contains("“DOCK<b>x”"));
        assertThat(browser.all(".empty-wall b")).isEmpty();
    }

    @Test
    void aDeadLetterIsAPictureThatCanBeReplayed() throws Exception {
        browser.await("the dead letters", () -> browser.all(".letter").size() == LETTERS);
        browser.await("their pictures", () -> (Boolean) browser.script(
                "return [...document.querySelectorAll('.letter canvas')]" + ".every(c => c.width === 320)"));
        assertThat(browser.text(".letter")).contains(WHY, "faces, last with faces-1");
        browser.await(
                "a group that is behind by half a minute",
                () -> browser.text("#status").startsWith("Degraded"));
        browser.await("all pictures", () -> CAMERAS.stream().allMatch(LivePageIT::isColoured));
        browser.shoot("page.png");
        browser.scheme("light");
        browser.await(
                "light",
                () -> browser.script("return getComputedStyle(document.body).backgroundColor")
                        .equals("rgb(243, 245, 248)"));
        browser.shoot("page-light.png");
        phone();

        browser.size(1400, 950, false);
        browser.find(".letter button").click();

        browser.await("one letter less", () -> browser.all(".letter").size() == LETTERS - 1);
        browser.await("in the numbers, too", () -> browser.text(".letters-head").contains("" + (LETTERS - 1)));
        browser.await("in what can be done about them", () -> lettersOfGroups() == LETTERS - 1);
        int before = lettersOfGroups();
        browser.find(".letter-groups .quiet").click();
        browser.await("the question", () -> browser.text("#confirm-title").contains("for good?"));
        browser.find("#confirm-ok").click();
        browser.await(
                "the answer",
                () -> browser.script("return document.getElementById('toast').textContent")
                        .toString()
                        .contains("removed"));
        browser.await("the group's letters gone", () -> browser.all(".letter").size() < before);
    }

    private static int lettersOfGroups() {
        return browser.all(".letter-groups p").stream()
                .mapToInt(group -> Integer.parseInt(group.getText().replaceFirst("(?s)\\D.*", "")))
                .sum();
    }

    private static void phone() throws Exception {
        browser.scheme("dark");
        browser.size(390, 844, true);
        browser.await("all of it fits a phone", () -> browser.window().getWidth() <= 390);
        browser.await(
                "pictures as wide as the phone",
                () -> (Long) browser.script("return document.querySelector('.card').clientWidth") > 340);
        browser.shoot("page-phone.png");
    }
}
