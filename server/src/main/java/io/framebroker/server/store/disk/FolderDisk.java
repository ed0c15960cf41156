package io.framebroker.server.store.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Segments as memory-mapped files of a folder that is locked for this process and readable by its owner only. */
final class FolderDisk implements Disk {
    /**
     * What a segment is written with at first is how the kernel keeps it in memory, as far as that is large. From then on, a
     * byte written in memory makes all of such a piece dirty, and each write to the file looks through its blocks.
     */
    private static final int WRITE_BYTES = 32 << 10;

    static final String LOCK = "lock";
    static final String SEGMENTS = "segments";
    /** What a file is called at the end until all of it is on the disk. */
    static final String NEW = ".new";

    /** Folders of this process: a process loses its locks of a file when it closes any channel to that. */
    private static final Set<Path> TAKEN = ConcurrentHashMap.newKeySet();

    private static final Logger log = LoggerFactory.getLogger(FolderDisk.class);

    private final Path folder;
    private final Path real;
    private final Path segments;
    private final FileChannel lockFile;
    private final boolean ownerOnly;
    private final int segmentBytes;
    private final List<FileChannel> files = new ArrayList<>();
    private long starts;

    /**
     * Takes a folder, and makes it where it is not there.
     *
     * @param segmentBytes of a new folder
     * @throws IOException naming the folder, when it is in use or of another version
     */
    FolderDisk(Path folder, int segmentBytes) throws IOException {
        this.folder = folder.toAbsolutePath();
        this.segments = this.folder.resolve(SEGMENTS);
        Path existing = this.folder;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        this.ownerOnly = existing != null && Files.getFileStore(existing).supportsFileAttributeView("posix");
        Files.createDirectories(segments, attributes("rwx------"));
        real = this.folder.toRealPath();
        if (!TAKEN.add(real)) {
            throw inUse("this process (" + ProcessHandle.current().pid() + ")");
        }
        try {
            lockFile = open(this.folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.READ);
        } catch (IOException | RuntimeException e) {
            TAKEN.remove(real);
            throw e;
        }
        try {
            lock();
            boolean isNew = !Files.exists(this.folder.resolve(FolderFormat.FILE));
            FolderFormat format = isNew ? new FolderFormat(segmentBytes, 0) : FolderFormat.read(this.folder);
            this.segmentBytes = format.segmentBytes();
            this.starts = format.starts();
        } catch (IOException | RuntimeException e) {
            lockFile.close();
            TAKEN.remove(real);
            throw e;
        }
    }

    /** Whether this process has the folder. Looking at its lock would give that away. */
    static boolean isTakenHere(Path folder) throws IOException {
        return TAKEN.contains(folder.toRealPath());
    }

    private FileAttribute<?>[] attributes(String permissions) {
        return ownerOnly
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    private FileChannel open(Path file, OpenOption... options) throws IOException {
        Set<OpenOption> all = new HashSet<>(List.of(options));
        all.add(StandardOpenOption.WRITE);
        return FileChannel.open(file, all, attributes("rw-------"));
    }

    private void lock() throws IOException {
        try {
            if (lockFile.tryLock() == null) {
                throw inUse(holder(lockFile));
            }
        } catch (OverlappingFileLockException e) {
            // Somebody in this process looks into it.
            throw inUse("this process (" + ProcessHandle.current().pid() + ")");
        }
        String pid =
                String.format(Locale.ROOT, "%-20d\n", ProcessHandle.current().pid());
        try {
            lockFile.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.UTF_8)), 0);
        } catch (IOException e) {
            log.warn("{} cannot say which process has it: {}", folder, e.getMessage());
        }
    }

    private IOException inUse(String by) {
        return new FileSystemException(
                folder.toString(),
                null,
                "the folder is in use by " + by + "; stop that broker, or give this one a folder of its own");
    }

    /** Whoever has the lock of a folder, for people. */
    static String holder(FileChannel lockFile) throws IOException {
        ByteBuffer text = ByteBuffer.allocate(32);
        lockFile.read(text, 0);
        String pid = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8).trim();
        if (!pid.matches("[0-9]{1,18}")) {
            return "another process";
        }
        // Who only looks inside has the lock as well, and writes nothing there.
        return ProcessHandle.of(Long.parseLong(pid)).isPresent()
                ? "process " + pid
                : "another process (the last broker there was process " + pid + ")";
    }

    @Override
    public boolean isOpen() {
        return lockFile.isOpen();
    }

    @Override
    public String where() {
        return folder.toString();
    }

    @Override
    public int segmentBytes() {
        return segmentBytes;
    }

    @Override
    public long start() throws IOException {
        starts++;
        Path fresh = folder.resolve(FolderFormat.FILE + NEW);
        Path known = folder.resolve(FolderFormat.FILE);
        Files.deleteIfExists(fresh);
        byte[] text = new FolderFormat(segmentBytes, starts).toString().getBytes(StandardCharsets.UTF_8);
        try {
            write(fresh, text, StandardOpenOption.CREATE);
            rename(fresh, known);
        } catch (IOException e) {
            if (!Files.exists(known)) {
                throw e;
            }
            // A full disk keeps nobody from starting. It is never shorter than before, and less than a sector.
            log.warn("{} is written over: {}", known, e.getMessage());
            write(known, text);
            Files.deleteIfExists(fresh);
        }
        return starts;
    }

    private void write(Path path, byte[] text, OpenOption... options) throws IOException {
        try (FileChannel file = open(path, options)) {
            file.write(ByteBuffer.wrap(text));
            file.force(true);
        }
    }

    private static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel directory = FileChannel.open(to.getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    @Override
    public List<Integer> segments() throws IOException {
        try (Stream<Path> files = Files.list(segments)) {
            for (Path half : files.filter(file -> file.toString().endsWith(NEW)).toList()) {
                Files.delete(half);
            }
        }
        List<Integer> found;
        try (Stream<Path> files = Files.list(segments)) {
            found = files.map(file -> file.getFileName().toString())
                    .filter(FolderDisk::isName)
                    .map(Integer::valueOf)
                    .sorted()
                    .toList();
        }
        for (int i = 0; i < found.size(); i++) {
            if (found.get(i) != i + 1) {
                throw new FileSystemException(
                        path(i + 1).toString(),
                        null,
                        "the file is missing, and others behind it are there; put it back, or rescue what is left with"
                                + " `frame-broker store dump` and begin with another folder");
            }
        }
        return found;
    }

    /** Name of a segment's file. */
    static String name(int number) {
        return String.format(Locale.ROOT, "%04d", number);
    }

    static boolean isName(String file) {
        return file.matches("[0-9]{4,9}");
    }

    private Path path(int number) {
        return segments.resolve(name(number));
    }

    @Override
    public SegmentFile open(int number) throws IOException {
        int bytes = Segment.fileBytes(segmentBytes);
        FileChannel file = open(path(number), StandardOpenOption.READ);
        boolean kept = false;
        try {
            if (file.size() != bytes) {
                throw new FileSystemException(
                        path(number).toString(),
                        null,
                        "the file has " + file.size() + " bytes and should have " + bytes);
            }
            MappedByteBuffer mapped = file.map(MapMode.READ_WRITE, 0, bytes);
            mapped.order(ByteOrder.LITTLE_ENDIAN);
            kept = true;
            return new MappedSegment(mapped, keep(file));
        } finally {
            if (!kept) {
                file.close();
            }
        }
    }

    private synchronized FileChannel keep(FileChannel file) {
        files.add(file);
        return file;
    }

    @Override
    public SegmentFile create(int number) throws IOException {
        if (Files.exists(path(number))) {
            throw new FileAlreadyExistsException(path(number).toString());
        }
        int needed = Segment.fileBytes(segmentBytes);
        long usable = Files.getFileStore(segments).getUsableSpace();
        if (usable < needed) {
            // Trying would take from others what there is, for a moment, again and again.
            throw new FileSystemException(
                    segments.toString(),
                    null,
                    "No space left: " + usable + " bytes are, and a segment takes " + needed);
        }
        Path fresh = segments.resolve(path(number).getFileName() + NEW);
        Files.deleteIfExists(fresh);
        try (FileChannel file = open(fresh, StandardOpenOption.CREATE)) {
            ByteBuffer zeros = ByteBuffer.allocateDirect(WRITE_BYTES);
            for (int left = Segment.fileBytes(segmentBytes); left > 0; ) {
                zeros.clear().limit(Math.min(left, WRITE_BYTES));
                left -= file.write(zeros);
            }
            file.force(true);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(fresh);
            } catch (IOException another) {
                e.addSuppressed(another);
            }
            throw e;
        }
        rename(fresh, path(number));
        return open(number);
    }

    @Override
    public synchronized void close() throws IOException {
        for (FileChannel file : files) {
            file.close();
        }
        if (lockFile.isOpen()) {
            lockFile.close();
            TAKEN.remove(real);
        }
    }
}
