package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;

/** What a client learns from a call that was refused. Reading one checks that it has the form that is promised. */
record Refusal(Code code, String reason, String message, boolean retry, List<String> fields) {

    static Refusal of(StatusRuntimeException thrown) {
        Status status = StatusProto.fromThrowable(thrown);
        List<String> reasons = new ArrayList<>();
        List<String> fields = new ArrayList<>();
        boolean retry = false;
        try {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    ErrorInfo info = detail.unpack(ErrorInfo.class);
                    assertThat(info.getDomain()).isEqualTo("framebroker.io");
                    assertThat(info.getReason()).matches("[A-Z][A-Z0-9_]+");
                    reasons.add(info.getReason());
                } else if (detail.is(BadRequest.class)) {
                    detail.unpack(BadRequest.class).getFieldViolationsList().forEach(field -> {
                        assertThat(field.getDescription()).isNotBlank();
                        fields.add(field.getField());
                    });
                } else {
                    assertThat(detail.is(RetryInfo.class)).isTrue();
                    assertThat(detail.unpack(RetryInfo.class).getRetryDelay().getSeconds())
                            .isPositive();
                    retry = true;
                }
            }
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
        assertThat(reasons).as("ErrorInfo of %s", thrown).hasSize(1);
        assertThat(status.getMessage()).isNotBlank();
        return new Refusal(thrown.getStatus().getCode(), reasons.get(0), status.getMessage(), retry, fields);
    }
}
