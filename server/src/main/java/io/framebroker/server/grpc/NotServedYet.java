package io.framebroker.server.grpc;

import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.HashSet;
import java.util.Set;

/** A service that is in the contract and answers calls it does not serve with UNIMPLEMENTED and what to use instead. */
final class NotServedYet {
    private NotServedYet() {}

    static ServerServiceDefinition service(
            ServiceDescriptor contract, String instead, ServerMethodDefinition<?, ?>... served) {
        ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(contract);
        Set<MethodDescriptor<?, ?>> left = new HashSet<>(contract.getMethods());
        for (ServerMethodDefinition<?, ?> method : served) {
            service.addMethod(method);
            left.remove(method.getMethodDescriptor());
        }
        left.forEach(method -> add(service, method, instead));
        return service.build();
    }

    private static <A, B> void add(
            ServerServiceDefinition.Builder service, MethodDescriptor<A, B> method, String instead) {
        service.addMethod(method, (call, headers) -> {
            Refusals.end(
                    call,
                    Refusals.toStatus(Refusals.unimplemented(
                            "METHOD_NOT_SERVED", method.getFullMethodName() + " is not served yet; " + instead)));
            return new ServerCall.Listener<A>() {};
        });
    }
}
