package io.framebroker.loadgen;

/** Entry point of the load generator. */
public final class LoadGen {

    private LoadGen() {}

    public static void main(String[] args) {
        System.out.println("frame-broker-loadgen");
    }
}
