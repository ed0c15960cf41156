package io.framebroker.server.broker;

import java.util.List;

/** Globs over names of streams: in each, {@code *} stands for any characters of a name, or none. */
public record Globs(List<String> globs) {
    private static final int MOST_CHARACTERS = 200;

    public Globs {
        globs = List.copyOf(globs);
    }

    /** Those among names and globs that are globs. */
    static Globs among(List<String> namesAndGlobs) {
        return new Globs(namesAndGlobs.stream().filter(Globs::isGlob).distinct().toList());
    }

    public static boolean isGlob(String nameOrGlob) {
        return nameOrGlob.indexOf('*') >= 0;
    }

    static void check(String glob) {
        // What it may match besides its stars has to be part of a name.
        String rest = glob.replace("*", "");
        if (glob.length() > MOST_CHARACTERS || !rest.isEmpty() && !Names.isPartOfStream(rest)) {
            throw BrokerException.invalid(
                    "open.streams",
                    Names.quoted(glob) + " is no glob: at most " + MOST_CHARACTERS
                            + " characters of A-Z a-z 0-9 . _ : / - and *");
        }
    }

    public boolean isEmpty() {
        return globs.isEmpty();
    }

    public boolean match(String stream) {
        for (String glob : globs) {
            if (matches(glob, stream)) {
                return true;
            }
        }
        return false;
    }

    /** In steps of at most the product of both lengths, whatever the glob is. */
    private static boolean matches(String glob, String name) {
        int g = 0;
        int n = 0;
        int star = -1;
        int behindStar = 0;
        while (n < name.length()) {
            if (g < glob.length() && glob.charAt(g) == '*') {
                star = g++;
                behindStar = n;
            } else if (g < glob.length() && glob.charAt(g) == name.charAt(n)) {
                g++;
                n++;
            } else if (star >= 0) {
                // The last star takes one more.
                g = star + 1;
                n = ++behindStar;
            } else {
                return false;
            }
        }
        while (g < glob.length() && glob.charAt(g) == '*') {
            g++;
        }
        return g == glob.length();
    }
}
