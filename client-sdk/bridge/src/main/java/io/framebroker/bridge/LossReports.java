package io.framebroker.bridge;

import io.framebroker.bridge.source.Loss;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Tells the broker of losses that are counted in Redis and that it has not confirmed. What is on its way is not said again,
 * unless it failed. For the pump's thread.
 */
final class LossReports {
    private record Kind(String stream, String reason) {}

    private final Targets targets;
    private final Consumer<Outcome> outcomes;
    private final Map<Kind, Long> onItsWay = new HashMap<>();

    /** @param outcomes hears, on any thread, whether the broker has them */
    LossReports(Targets targets, Consumer<Outcome> outcomes) {
        this.targets = targets;
        this.outcomes = outcomes;
    }

    void tell(List<Loss> open) {
        for (Loss loss : open) {
            Kind kind = new Kind(loss.stream(), loss.reason());
            long untold = loss.count() - onItsWay.getOrDefault(kind, 0L);
            if (untold > 0) {
                onItsWay.merge(kind, untold, Long::sum);
                targets.forLosses(loss.stream())
                        .report(new Loss(loss.stream(), loss.reason(), untold, loss.through()), outcomes);
            }
        }
    }

    /** This report is over, one way or the other; if it was confirmed, Redis knows. */
    void over(Loss loss) {
        onItsWay.computeIfPresent(
                new Kind(loss.stream(), loss.reason()),
                (kind, count) -> count > loss.count() ? count - loss.count() : null);
    }

    boolean isIdle() {
        return onItsWay.isEmpty();
    }
}
