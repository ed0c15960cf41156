package io.framebroker.server;

/** The broker process. */
public final class FrameBroker {

    private FrameBroker() {}

    public static void main(String[] args) {
        System.out.println("frame-broker");
    }
}
