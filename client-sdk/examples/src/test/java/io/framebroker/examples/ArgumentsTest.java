package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ArgumentsTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
                    | name a program
                    demo --broker-jar /no/such.jar | there is no broker at /no/such.jar
                    demo --cameras 0 | --cameras 0 is outside 1..16
                    demo --seconds -1 | --seconds -1 is outside
                    demo --seconds x | '--seconds'
                    demo --what | --what
                    rtsp-capture | --camera
                    rtsp-capture --camera cam | cam
                    rtsp-capture --camera cam=http://host/ | 'http://host/' is no camera
                    rtsp-capture --camera cam=ftp://u:secret@host/ | 'ftp://***@host/' is no camera
                    rtsp-capture --camera ../cam=synthetic: | a stream's name has
                    rtsp-capture --camera cam=synthetic: --size big | --size big is no WIDTHxHEIGHT
                    rtsp-capture --camera cam=synthetic: --transport smoke | --transport smoke is not tcp or udp
                    rtsp-capture --camera cam=synthetic: --fps -1 | --fps -1.0 is outside 0..1000
                    rtsp-capture --camera cam=synthetic: --max-frame-bytes 1 | --max-frame-bytes 1 is outside
                    rtsp-capture --camera cam=synthetic: --close-after -1 | --close-after -1.0 is outside 0..86400
                    rtsp-capture --camera cam=synthetic: --on-demand --no-pacing | --on-demand leaves out
                    sample-processor | --streams
                    sample-processor --streams a --threshold 2 | --threshold 2.0 is outside 0..1
                    sample-processor --streams a --batch 0 | --batch 0 is outside 1..1000
                    sample-processor --streams a --health-port 70000 | --health-port 70000 is outside
                    """)
    void wrongArgumentsAreNamedAndEndWithCodeTwo(String arguments, String message) {
        CommandLine line = Examples.commandLine();
        StringWriter err = new StringWriter();
        line.setErr(new PrintWriter(err));

        int code = line.execute(arguments == null ? new String[0] : arguments.split(" "));

        assertThat(code).isEqualTo(2);
        assertThat(err.toString()).contains(message);
    }
}
