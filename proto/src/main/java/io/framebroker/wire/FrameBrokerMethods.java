package io.framebroker.wire;

import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.PublishFramesResponse;
import io.grpc.MethodDescriptor;

/** The two streaming methods of {@code FrameBrokerService}, with the marshallers that leave frames as bytes. */
public final class FrameBrokerMethods {
    public static final MethodDescriptor<PublishMessage, PublishFramesResponse> PUBLISH_FRAMES =
            FrameBrokerServiceGrpc.getPublishFramesMethod().toBuilder(
                            PublishMessage.MARSHALLER,
                            FrameBrokerServiceGrpc.getPublishFramesMethod().getResponseMarshaller())
                    .build();

    public static final MethodDescriptor<ConsumeFramesRequest, ConsumeMessage> CONSUME_FRAMES =
            FrameBrokerServiceGrpc.getConsumeFramesMethod().toBuilder(
                            FrameBrokerServiceGrpc.getConsumeFramesMethod().getRequestMarshaller(),
                            ConsumeMessage.MARSHALLER)
                    .build();

    private FrameBrokerMethods() {}
}
