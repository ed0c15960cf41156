package io.framebroker.server.broker;

import java.util.Collection;

/**
 * Who wants a stream's frames.
 *
 * <p>A pause changes nothing, be it a consumer's or a group's: whoever pauses is about to go on, and a group's frames wait
 * for it. Nobody counts for having been there, except a durable group for as long as its frames are protected.
 *
 * @param consumers connected now, in whatever mode
 * @param groups durable groups whose frames are kept, with or without a consumer
 * @param wantedFps frames a second that are enough for all of them; 0 when somebody wants all, or nobody any
 */
public record Demand(int consumers, int groups, double wantedFps) {
    static Demand of(Collection<Group> all) {
        int consumers = 0;
        int groups = 0;
        double mostFps = 0;
        boolean wantsAll = false;
        for (Group group : all) {
            if (group.protects()) {
                groups++;
                wantsAll = true;
            }
            for (Member member : group.members()) {
                double maxFps = member.consumer().options().mode().maxFps();
                wantsAll |= maxFps == 0;
                mostFps = Math.max(mostFps, maxFps);
                consumers++;
            }
        }
        return new Demand(consumers, groups, wantsAll ? 0 : mostFps);
    }
}
