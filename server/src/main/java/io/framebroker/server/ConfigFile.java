package io.framebroker.server;

import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.AnnotatedElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

/**
 * Settings in a file of Java properties, each key the name of a flag without its dashes. Flags win over variables of the
 * environment, and those win over the file.
 */
final class ConfigFile implements IDefaultValueProvider {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{env:([A-Z_0-9]+):-(.*)}");

    /** What names the file cannot stand in it, and what is no setting. */
    private static final Pattern NO_SETTING = Pattern.compile("--(config|help|version)");

    private final Path file;
    /** By flag. */
    private final Map<String, String> values;

    private final UnaryOperator<String> environment;

    private ConfigFile(Path file, Map<String, String> values, UnaryOperator<String> environment) {
        this.file = file;
        this.values = values;
        this.environment = environment;
    }

    /**
     * @param environment a variable's value by its name, null for none
     * @throws IllegalArgumentException that names the file, and every key in it that is no setting of the command, or
     *     stands there twice
     */
    static ConfigFile read(Path file, CommandSpec command, UnaryOperator<String> environment) {
        Once found = new Once();
        try (Reader reader = Files.newBufferedReader(file)) {
            found.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException("--config " + file + " cannot be read: " + e, e);
        }
        Map<String, String> byFlag = new TreeMap<>();
        found.values.forEach((key, value) -> {
            String flag = "--" + key;
            found.complaints.unless(
                    command.optionsMap().containsKey(flag)
                            && !NO_SETTING.matcher(flag).matches(),
                    () -> "--config " + file + ": " + key + " is no setting" + insteadOf(key, command));
            byFlag.put(flag, value);
        });
        found.complaints.done();
        return new ConfigFile(file, byFlag, environment);
    }

    private static String insteadOf(String key, CommandSpec command) {
        for (OptionSpec each : command.options()) {
            String name = each.longestName();
            if (key.equals(variable(each)) || key.startsWith("-") && key.endsWith(name)) {
                return "; write " + name.substring(2);
            }
        }
        return "; the settings are what --help lists, without the dashes";
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        return argument instanceof OptionSpec option && isMine(option) ? values.get(option.longestName()) : null;
    }

    /**
     * The variable or the file that gives an option its value, for whoever has to mend it; null where neither does.
     *
     * @param provider a file, or whatever else or nothing
     */
    static String origin(OptionSpec option, IDefaultValueProvider provider, UnaryOperator<String> environment) {
        String variable = variable(option);
        if (variable != null && environment.apply(variable) != null) {
            return variable;
        }
        return provider instanceof ConfigFile config && config.isMine(option) ? config.file.toString() : null;
    }

    private boolean isMine(OptionSpec option) {
        String variable = variable(option);
        return values.containsKey(option.longestName()) && (variable == null || environment.apply(variable) == null);
    }

    /** The variable of the environment that an option has; null where it has none. */
    private static String variable(OptionSpec option) {
        return written(option, 1);
    }

    /** What an option is where nothing gives it a value; null where that is nothing. */
    static String ownDefault(ArgSpec argument) {
        return argument instanceof OptionSpec option ? written(option, 2) : null;
    }

    private static String written(OptionSpec option, int part) {
        // The option itself tells no longer how its default value is written, but what that has come to.
        if (!(option.userObject() instanceof AnnotatedElement field) || !field.isAnnotationPresent(Option.class)) {
            return null;
        }
        Matcher matcher = VARIABLE.matcher(field.getAnnotation(Option.class).defaultValue());
        return matcher.matches() ? matcher.group(part) : null;
    }

    /** Which of two values would count is nothing that a reader of the file could see. */
    private static final class Once extends Properties {
        private static final long serialVersionUID = 1;

        private final transient Map<String, String> values = new TreeMap<>();
        private final transient Complaints complaints = new Complaints();

        @Override
        public synchronized Object put(Object key, Object value) {
            String before = values.put((String) key, ((String) value).strip());
            complaints.unless(before == null, () -> key + " stands there twice");
            return before;
        }
    }
}
