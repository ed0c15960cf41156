package io.framebroker.examples.capture;

import java.util.ArrayList;
import java.util.List;

/** Remembers what a source or splitter hands over. */
final class CollectingSink implements PictureSink {

    final List<Picture> pictures = new ArrayList<>();
    final List<String> unusable = new ArrayList<>();

    @Override
    public synchronized void picture(Picture picture) {
        pictures.add(picture);
        notifyAll();
    }

    @Override
    public synchronized void unusable(String reason, long count, String detail) {
        unusable.add(reason);
    }

    synchronized void awaitPictures(int count, long limitMillis) throws InterruptedException {
        long deadline = System.nanoTime() + limitMillis * 1_000_000;
        while (pictures.size() < count) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError(
                        "after " + limitMillis + " ms there are " + pictures.size() + " of " + count + " pictures");
            }
            wait(left);
        }
    }
}
