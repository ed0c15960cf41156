package io.framebroker.server;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;
import java.util.Timer;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadPoolExecutor;

/** The rules of the house. A rule may be empty: it waits for the room it speaks of. */
@AnalyzeClasses(packages = "io.framebroker.server", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseRulesTest {

    private static final String ROOT = "io.framebroker.server";
    private static final String CORE = ROOT + ".broker..";

    @ArchTest
    static final ArchRule the_core_knows_only_itself_java_and_slf4j = classes()
            .that()
            .resideInAPackage(CORE)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(CORE, "java..", "org.slf4j..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule the_core_opens_no_sockets = noClasses()
            .that()
            .resideInAPackage(CORE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.net..", "java.nio.channels..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule the_core_makes_no_threads = noClasses()
            .that()
            .resideInAPackage(CORE)
            .should()
            .accessTargetWhere(makesThreads())
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule the_core_has_no_clock_but_the_one_passed_in = noClasses()
            .that()
            .resideInAPackage(CORE)
            .should()
            .accessTargetWhere(readsAClock())
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule stores_grpc_http_and_telemetry_never_use_each_other = slices().matching(
                    ROOT + ".(store.*|store|grpc|http|telemetry)..")
            .should()
            .notDependOnEachOther()
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule protobuf_stops_at_the_edge = noClasses()
            .that()
            .resideOutsideOfPackages(ROOT, ROOT + ".grpc..", ROOT + ".http..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.google.protobuf..", "io.framebroker.v1..", "io.framebroker.wire..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule jedis_stays_in_the_redis_store = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + ".store.redis..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("redis.clients..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule only_the_config_class_reads_the_environment = noClasses()
            .that()
            .haveNameNotMatching("io\\.framebroker\\.server\\.ServerConfig(\\$.*)?")
            .should()
            .accessTargetWhere(readsTheEnvironment())
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule packages_have_no_cycles =
            slices().matching("io.framebroker.(**)").should().beFreeOfCycles().allowEmptyShould(true);

    private static DescribedPredicate<JavaAccess<?>> makesThreads() {
        DescribedPredicate<JavaClass> maker = assignableTo(Thread.class)
                .or(assignableTo(ThreadPoolExecutor.class))
                .or(assignableTo(ForkJoinPool.class))
                .or(assignableTo(Timer.class));
        return describe("a thread is made", access -> {
            var owner = access.getTargetOwner();
            boolean constructs = access.getTarget().getName().equals(JavaConstructor.CONSTRUCTOR_NAME);
            return constructs && maker.test(owner) || owner.isEquivalentTo(Executors.class);
        });
    }

    private static DescribedPredicate<JavaAccess<?>> readsAClock() {
        var systemClocks = Set.of("nanoTime", "currentTimeMillis");
        return describe("a clock is read", access -> {
            var owner = access.getTargetOwner();
            var name = access.getTarget().getName();
            return owner.isEquivalentTo(System.class) && systemClocks.contains(name)
                    || owner.getPackageName().equals("java.time") && (name.equals("now") || name.startsWith("system"))
                    || owner.isEquivalentTo(Thread.class) && name.equals("sleep");
        });
    }

    private static DescribedPredicate<JavaAccess<?>> readsTheEnvironment() {
        return describe(
                "the environment is read",
                access -> access.getTargetOwner().isEquivalentTo(System.class)
                        && access.getTarget().getName().equals("getenv"));
    }
}
