package io.framebroker.loadgen.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.framebroker.loadgen.role.Children;
import io.framebroker.loadgen.role.RunFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
@Timeout(300)
class OwnDiskTest {
    private static final long SIZE = 4 << 20;

    /** Says what it finds: for each line it is given, writes it to the end of a file it has open, and makes another file. */
    private static final class Writer extends Actor {
        private static final String SCRIPT = "exec 3>>\"$0/open\" && echo ready && while read line; do"
                + " echo \"$line\" >&3 2>&- && echo written || echo refused;"
                + " (: >\"$0/$line\") 2>&- && echo made || echo refused; done";

        private final Process process;
        private final BufferedReader said;

        Writer(Path folder) throws InterruptedException {
            super("writer-0");
            List<String> shell = List.of("sh", "-c", SCRIPT, folder.toString());
            process = Children.start(OwnDisk.command(shell, folder, Long.toString(SIZE)));
            said = process.inputReader(StandardCharsets.UTF_8);
            assertThat(next()).isEqualTo("ready");
        }

        List<String> write(String line) {
            try {
                process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
                process.getOutputStream().flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return List.of(next(), next());
        }

        private String next() {
            try {
                return said.readLine();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public ProcessHandle process() {
            return process.toHandle();
        }

        @Override
        public void restart() {
            throw new UnsupportedOperationException();
        }

        @Override
        void end() {
            Children.end(process);
        }
    }

    @TempDir
    Path folder;

    @Test
    void itIsFullUntilItIsEmptied() throws InterruptedException {
        try (Writer writer = writer()) {
            OwnDisk disk = new OwnDisk(writer, folder);
            assertThat(disk.freeBytes()).isBetween(SIZE / 2, SIZE);

            disk.fill();
            assertThat(disk.freeBytes()).isZero();
            assertThat(writer.write("one")).startsWith("refused");
            disk.empty();

            assertThat(writer.write("two")).containsExactly("written", "made");
            assertThat(disk.freeBytes()).isPositive();
            assertThat(folder).as("as others see it").isEmptyDirectory();
        }
    }

    @Test
    void whatIsOpenStaysWritableWhenItIsReadOnly() throws InterruptedException {
        try (Writer writer = writer()) {
            OwnDisk disk = new OwnDisk(writer, folder);
            assertThat(disk.isReadOnly()).isFalse();

            disk.makeReadOnly();
            assertThat(disk.isReadOnly()).isTrue();
            assertThat(writer.write("one")).containsExactly("written", "refused");
            disk.makeWritable();

            assertThat(disk.isReadOnly()).isFalse();
            assertThat(writer.write("two")).containsExactly("written", "made");
        }
    }

    @Test
    void whoCannotHaveOneIsToldWhatIsMissing() {
        assertThatThrownBy(() -> OwnDisk.command(List.of("cat"), folder, "no size"))
                .isInstanceOf(RunFailure.class)
                .hasMessageContaining("a file system of its own and cannot do so here: ")
                .hasMessageContaining("user.max_user_namespaces");
    }

    private Writer writer() throws InterruptedException {
        try {
            return new Writer(folder);
        } catch (RunFailure e) {
            assumeTrue(false, e.getMessage());
            throw e;
        }
    }
}
