package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.List;

/** Somebody who changes groups, and notes how that is answered. */
final class Changed implements Broker.GroupChanged {
    private final List<String> heard = new ArrayList<>();

    List<String> heard() {
        return heard;
    }

    @Override
    public void changed(GroupState state) {
        heard.add("changed " + state.name() + (state.paused() ? ", paused" : "") + ": "
                + state.lag().waiting() + " waiting, " + state.lag().pending() + " pending");
    }

    @Override
    public void failed(BrokerException why) {
        heard.add("failed " + why.reason());
    }
}
