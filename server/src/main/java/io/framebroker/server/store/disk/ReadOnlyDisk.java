package io.framebroker.server.store.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The folder of a store that no broker has, for somebody who only wants to know what a start would find. Files are opened
 * for reading; what a start writes goes nowhere.
 */
final class ReadOnlyDisk implements Disk {
    private record Shown(ByteBuffer bytes) implements SegmentFile {
        @Override
        public void put(int at, byte[] from, int offset, int length) {
            // A start mends headers and erases what it cuts off, and does not look there again.
        }

        @Override
        public void force(int from, int to) {
            // There is nothing to force.
        }
    }

    private final Path folder;
    private final FolderFormat format;
    /** Null in a copy that was made without it: no broker has that open. */
    private final FileChannel lockFile;

    private final List<Integer> whole = new ArrayList<>();
    private final Map<Integer, String> unreadable = new TreeMap<>();
    private final List<String> unfinished = new ArrayList<>();

    /** @throws IOException when there is no such folder, a broker has it, or it is of another version */
    ReadOnlyDisk(Path folder) throws IOException {
        this.folder = folder.toAbsolutePath();
        if (!Files.isDirectory(this.folder)) {
            throw refused("there is no such folder; name the one that the broker has as --data-dir", null);
        }
        if (!Files.exists(this.folder.resolve(FolderFormat.FILE))) {
            throw refused(
                    "this is no folder of a disk store, for it has no file '" + FolderFormat.FILE
                            + "'; name the one that the broker has as --data-dir",
                    null);
        }
        FileChannel lock = null;
        try {
            lock = lock();
            format = FolderFormat.read(this.folder);
            list();
        } catch (AccessDeniedException e) {
            close(lock);
            throw refused(e.getFile() + " may not be read; become the user that runs the broker", e);
        } catch (IOException | RuntimeException e) {
            close(lock);
            throw e;
        }
        lockFile = lock;
    }

    private IOException refused(String why, IOException cause) {
        IOException refusal = new FileSystemException(folder.toString(), null, why);
        refusal.initCause(cause);
        return refusal;
    }

    private static void close(FileChannel lock) throws IOException {
        if (lock != null) {
            lock.close();
        }
    }

    /** A lock that several may have who only read, and no broker beside them. */
    private FileChannel lock() throws IOException {
        Path file = folder.resolve(FolderDisk.LOCK);
        if (!Files.exists(file)) {
            return null;
        }
        if (FolderDisk.isTakenHere(folder)) {
            throw inUse("this process (" + ProcessHandle.current().pid() + ")");
        }
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            if (channel.tryLock(0, Long.MAX_VALUE, true) != null) {
                return channel;
            }
            throw inUse(FolderDisk.holder(channel));
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw inUse("this process (" + ProcessHandle.current().pid() + ")");
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private IOException inUse(String by) {
        return refused(
                "the folder is in use by " + by + "; stop that broker first, or look at a copy that was made while it"
                        + " was stopped",
                null);
    }

    private void list() throws IOException {
        List<String> names;
        try (Stream<Path> files = Files.list(folder.resolve(FolderDisk.SEGMENTS))) {
            names = files.map(file -> file.getFileName().toString()).sorted().toList();
        }
        int next = 1;
        for (int number : names.stream()
                .filter(FolderDisk::isName)
                .map(Integer::valueOf)
                .sorted()
                .toList()) {
            for (; next < number; next++) {
                unreadable.put(next, "the file is missing");
            }
            next = number + 1;
            long bytes = Files.size(path(number));
            int expected = Segment.fileBytes(format.segmentBytes());
            if (bytes == expected) {
                whole.add(number);
            } else {
                unreadable.put(number, "the file has " + bytes + " bytes and should have " + expected);
            }
        }
        names.stream().filter(name -> name.endsWith(FolderDisk.NEW)).forEach(unfinished::add);
    }

    private Path path(int number) {
        return folder.resolve(FolderDisk.SEGMENTS).resolve(FolderDisk.name(number));
    }

    FolderFormat format() {
        return format;
    }

    /** Segments that cannot be read, and why. */
    Map<Integer, String> unreadable() {
        return unreadable;
    }

    /** Names of files that a start removes, for a crash came while they were made. */
    List<String> unfinished() {
        return unfinished;
    }

    @Override
    public boolean isOpen() {
        return lockFile == null || lockFile.isOpen();
    }

    @Override
    public String where() {
        return folder.toString();
    }

    @Override
    public int segmentBytes() {
        return format.segmentBytes();
    }

    /** The number that the next start will have. */
    @Override
    public long start() {
        return format.starts() + 1;
    }

    /** Those that can be read. */
    @Override
    public List<Integer> segments() {
        return whole;
    }

    @Override
    public SegmentFile open(int number) throws IOException {
        try (FileChannel file = FileChannel.open(path(number), StandardOpenOption.READ)) {
            return new Shown(file.map(MapMode.READ_ONLY, 0, file.size()).order(ByteOrder.LITTLE_ENDIAN));
        } catch (AccessDeniedException e) {
            throw refused(e.getFile() + " may not be read; become the user that runs the broker", e);
        }
    }

    @Override
    public SegmentFile create(int number) {
        throw new UnsupportedOperationException("segment " + number + " of a folder that is only read");
    }

    @Override
    public void close() throws IOException {
        close(lockFile);
    }
}
