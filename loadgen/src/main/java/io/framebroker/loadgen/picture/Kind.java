package io.framebroker.loadgen.picture;

import io.framebroker.loadgen.targets.Target;
import java.awt.Color;

/** Of whom a bar is, told by its colour. */
enum Kind {
    BROKER("Frame Broker", new Color(0x1f77b4), new Color(0x9ecae1)),
    PEER("others", new Color(0xe67e22), new Color(0xf8c995)),
    /** They do less than any of the others. */
    YARDSTICK("yardsticks", new Color(0x8c8c8c), new Color(0xcccccc));

    private final String words;
    private final Color color;
    private final Color light;

    Kind(String words, Color color, Color light) {
        this.words = words;
        this.color = color;
        this.light = light;
    }

    static Kind of(Target target) {
        return target.isBroker() ? BROKER : target.isPeer() ? PEER : YARDSTICK;
    }

    Color color() {
        return color;
    }

    /** For the first of two bars. */
    Color light() {
        return light;
    }

    @Override
    public String toString() {
        return words;
    }
}
