package io.framebroker.server;

import io.framebroker.v1.DeadLetterFilter;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.DeleteGroupRequest;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.GroupServiceGrpc.GroupServiceBlockingStub;
import io.framebroker.v1.PauseGroupRequest;
import io.framebroker.v1.PurgeDeadLettersRequest;
import io.framebroker.v1.ResumeGroupRequest;
import io.framebroker.v1.SeekGroupRequest;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What can be done to a durable group of a running broker. */
@Command(
        name = "group",
        mixinStandardHelpOptions = true,
        description = "Pauses, resumes, moves or deletes a durable group; `groups` lists them.",
        subcommands = {
            GroupCommand.Pause.class,
            GroupCommand.Resume.class,
            GroupCommand.Seek.class,
            GroupCommand.Delete.class
        })
final class GroupCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: pause, resume, seek or delete");
    }

    /** One of these things. */
    abstract static class OfOne extends BrokerCommand {
        @Parameters(index = "0", paramLabel = "STREAM", description = "The stream")
        private String stream;

        @Parameters(index = "1", paramLabel = "GROUP", description = "The group")
        private String group;

        String stream() {
            return stream;
        }

        String group() {
            return group;
        }

        GroupServiceBlockingStub groups() {
            return inTime(GroupServiceGrpc.newBlockingStub(channel()));
        }
    }

    @Command(
            name = "pause",
            description = "Stops deliveries to a group, until it is resumed. What is out may be settled, its leases run"
                    + " on, and the group goes on protecting its frames.")
    static final class Pause extends OfOne {
        @Override
        int work() {
            var paused = groups().pauseGroup(PauseGroupRequest.newBuilder()
                    .setStream(stream())
                    .setName(group())
                    .build());
            GroupsCommand.print(this, List.of(paused.getGroup()));
            return DONE;
        }
    }

    @Command(name = "resume", description = "Lets deliveries to a group go on.")
    static final class Resume extends OfOne {
        @Override
        int work() {
            var resumed = groups().resumeGroup(ResumeGroupRequest.newBuilder()
                    .setStream(stream())
                    .setName(group())
                    .build());
            GroupsCommand.print(this, List.of(resumed.getGroup()));
            return DONE;
        }
    }

    @Command(
            name = "seek",
            description =
                    "Has a group start anew at another place of its stream: forward, frames are left out; backward,"
                            + " those that are still there come again. Its consumers open their calls again, and what they had"
                            + " in hand is not theirs any more. Says how many frames that it had not settled it passes"
                            + " over.")
    static final class Seek extends OfOne {
        @Option(
                names = "--to",
                required = true,
                paramLabel = "PLACE",
                description = "earliest; new, which is behind the newest frame; a frame's id such as 1-250; or a time"
                        + " such as 2026-01-31T12:00:00Z, for the first frame received then or later")
        private String place;

        @Override
        int work() {
            StartPosition position = position();
            Group before = groups().getGroup(GetGroupRequest.newBuilder()
                            .setStream(stream())
                            .setName(group())
                            .build())
                    .getGroup();
            Group moved = groups().seekGroup(SeekGroupRequest.newBuilder()
                            .setStream(stream())
                            .setName(group())
                            .setPosition(position)
                            .build())
                    .getGroup();
            long passedOver = Math.max(0, unsettled(before) - unsettled(moved));
            if (json()) {
                out().println(GroupsCommand.line(moved).put("passed_over", passedOver));
            } else {
                GroupsCommand.print(this, List.of(moved));
                say("group " + group() + " of stream " + stream() + " passes over " + passedOver
                        + " frames that it had not settled");
            }
            return DONE;
        }

        private static long unsettled(Group group) {
            return group.getLag().getWaiting() + group.getLag().getPending();
        }

        private StartPosition position() {
            StartPosition.Builder position = StartPosition.newBuilder();
            if (place.equals("earliest")) {
                return position.setEdge(StartEdge.START_EDGE_EARLIEST).build();
            }
            if (place.equals("new")) {
                return position.setEdge(StartEdge.START_EDGE_NEW).build();
            }
            FrameId id = id(place);
            if (id != null) {
                return position.setId(id).build();
            }
            try {
                Instant time = Instant.parse(place);
                position.getTimeBuilder().setSeconds(time.getEpochSecond()).setNanos(time.getNano());
                return position.build();
            } catch (DateTimeParseException e) {
                throw misused("--to " + place + " is none of earliest, new, a frame's id such as 1-250, a time such as"
                        + " 2026-01-31T12:00:00Z");
            }
        }
    }

    @Command(
            name = "delete",
            description =
                    "Deletes a group with its dead letters: it protects nothing from then on. Says how many frames"
                            + " it had not settled, and how many dead letters it had.")
    static final class Delete extends OfOne {
        @Option(names = "--force", description = "Delete it while consumers are connected, too; their calls end")
        private boolean force;

        @Override
        int work() {
            long letters = deadLetters();
            long unsettled = groups().deleteGroup(DeleteGroupRequest.newBuilder()
                            .setStream(stream())
                            .setName(group())
                            .setForce(force)
                            .build())
                    .getUnsettledFrames();
            if (json()) {
                out().println(new JsonLine()
                        .put("stream", stream())
                        .put("name", group())
                        .put("unsettled_frames", unsettled)
                        .put("dead_letters", letters));
            } else {
                say("group " + group() + " of stream " + stream() + " is deleted; it had not settled " + unsettled
                        + " frames, and had " + letters + " dead letters, which are gone with it");
            }
            return DONE;
        }

        /** How many there are now: nobody counts them once they are gone. */
        private long deadLetters() {
            return inTime(DeadLetterServiceGrpc.newBlockingStub(channel()))
                    .purgeDeadLetters(PurgeDeadLettersRequest.newBuilder()
                            .setFilter(DeadLetterFilter.newBuilder()
                                    .setStream(stream())
                                    .setGroup(group()))
                            .setValidateOnly(true)
                            .build())
                    .getPurged();
        }
    }
}
