package io.framebroker.server;

import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.GetLatestFrameRequest;
import io.framebroker.v1.GetLatestFrameResponse;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "snapshot",
        description =
                "Writes the payload of a stream's newest frame to a file, unpacked: a picture where the camera sends"
                        + " JPEG or PNG. The file is there whole or not at all; one of that name is replaced.")
final class SnapshotCommand extends BrokerCommand {
    @Parameters(paramLabel = "STREAM", description = "The stream")
    private String stream;

    @Option(
            names = {"-o", "--output"},
            required = true,
            paramLabel = "FILE",
            description = "The file")
    private Path file;

    @Override
    int work() throws IOException {
        GetLatestFrameResponse latest = inTime(FrameBrokerServiceGrpc.newBlockingStub(channel()))
                .getLatestFrame(GetLatestFrameRequest.newBuilder()
                        .setStream(stream)
                        .setUnpack(true)
                        .build());
        write(file, latest.getFrame().getPayload().toByteArray());
        FrameHeader header = latest.getFrame().getHeader();
        String codec = header.getCodec().name();
        if (json()) {
            out().println(new JsonLine()
                    .put("stream", stream)
                    .put("id", id(latest.getId()))
                    .putUnsigned("sequence", latest.getSequence())
                    .put("received_time", time(latest.getReceivedTime()).toString())
                    .put("codec", codec)
                    .put("width", Integer.toUnsignedLong(header.getWidth()))
                    .put("height", Integer.toUnsignedLong(header.getHeight()))
                    .put("payload_bytes", latest.getFrame().getPayload().size())
                    .put("file", file.toString()));
        } else {
            say(file + ": frame " + id(latest.getId()) + " of " + stream + ", received "
                    + time(latest.getReceivedTime()) + ", " + codec.replace("CODEC_", "") + ", "
                    + latest.getFrame().getPayload().size() + " bytes");
        }
        return DONE;
    }
}
