package io.framebroker.loadgen;

import io.framebroker.loadgen.picture.Canvas;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of a picture, before anything is measured that it could not hold. */
final class Pictures implements ITypeConverter<Path> {
    @Override
    public Path convert(String text) {
        Path file = Path.of(text);
        if (!Canvas.canWrite(file)) {
            throw new TypeConversionException("'" + text + "' is no picture; let its name end in .svg or .png");
        }
        return file;
    }
}
