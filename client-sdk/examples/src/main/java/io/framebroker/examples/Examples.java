package io.framebroker.examples;

/** Entry point of the example programs. */
public final class Examples {

    private Examples() {}

    public static void main(String[] args) {
        System.out.println("frame-broker-examples");
    }
}
