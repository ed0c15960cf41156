package io.framebroker.examples.capture;

import io.framebroker.examples.http.JsonObject;
import io.framebroker.examples.http.StatusServer.Health;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Says which camera does not work, and why. */
final class CaptureHealth {

    private CaptureHealth() {}

    static Health report(List<CameraStats> cameras, Instant now) {
        List<String> illnesses = new ArrayList<>();
        List<JsonObject> details = new ArrayList<>();
        for (CameraStats camera : cameras) {
            switch (camera.state()) {
                case AWAY, FAILED -> illnesses.add(camera.name() + ": " + camera.lastError());
                case CONNECTING -> illnesses.add(camera.name() + ": no picture yet");
                default -> {}
            }
            if (!camera.publisher().connected() && camera.state() != CameraStats.State.OVER) {
                illnesses.add(camera.name() + ": not connected to the broker");
            }
            details.add(new JsonObject()
                    .put("camera", camera.name())
                    .put("state", camera.state().name())
                    .put("fps", camera.fps())
                    .put("pictures", camera.pictures())
                    .put("stored", camera.publisher().stored())
                    .put("lost_at_source", camera.lostAtSource())
                    .put("left_out", camera.leftOut())
                    .put("last_picture_age_seconds", camera.pictures() == 0 ? Double.NaN : camera.silentSeconds())
                    .put("wait_reason", camera.publisher().waitReason()));
        }
        JsonObject body = new JsonObject()
                .put("status", illnesses.isEmpty() ? "healthy" : "unhealthy")
                .put("timestamp", now.toString())
                .put("service", "rtsp-capture")
                .putStrings("why_unhealthy", illnesses)
                .putObjects("cameras", details);
        return new Health(illnesses.isEmpty(), body);
    }
}
