package io.framebroker.server.store.redis;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisSocketFactory;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.args.Rawable;
import redis.clients.jedis.exceptions.JedisConnectionException;

/**
 * A connection that writes commands in large pieces. Frames of 100 kB are copied once, from where they lie into the piece;
 * as arrays of their own, each between two writes of a few bytes, they took the writer twice its time, and Redis woke for
 * the few bytes.
 *
 * <p>What is sent leaves when a piece is full, or a reply is asked for. Unlike its superclass it does not connect again by
 * itself: what was sent before would have no replies. For one thread, but for {@link #forceDisconnect}.
 */
final class GatheringConnection extends Connection {
    /** Stays in the processor's cache, and fits into the buffer that the JDK keeps for writing to sockets. */
    private static final int PIECE_BYTES = 128 << 10;

    private static final byte[] LINE_END = {'\r', '\n'};

    /** Null while the superclass signs in. */
    private final Pieces out;

    private GatheringConnection(Connector connector, JedisClientConfig config) {
        super(connector, config);
        try {
            out = new Pieces(connector.connected.getOutputStream());
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** @throws JedisConnectionException nobody answers there */
    static GatheringConnection to(HostAndPort node, JedisClientConfig config) {
        return new GatheringConnection(new Connector(node, config), config);
    }

    @Override
    public void sendCommand(CommandArguments words) {
        if (out == null) {
            super.sendCommand(words);
            return;
        }
        requireWhole();
        try {
            head('*', words.size());
            for (Rawable word : words) {
                if (word instanceof FrameBytes frames) {
                    head('$', frames.length());
                    frames.writeTo(out);
                } else {
                    byte[] bytes = word.getRaw();
                    head('$', bytes.length);
                    out.write(bytes);
                }
                out.write(LINE_END);
            }
        } catch (IOException e) {
            throw failed(e);
        } catch (RuntimeException | Error e) {
            // Half a command may be on its way.
            setBroken();
            throw e;
        }
    }

    private void head(char type, int number) throws IOException {
        out.write(type);
        out.write(Integer.toString(number).getBytes(StandardCharsets.ISO_8859_1));
        out.write(LINE_END);
    }

    @Override
    protected void flush() {
        super.flush();
        if (out == null) {
            return;
        }
        try {
            out.flush();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private void requireWhole() {
        if (isBroken()) {
            throw new JedisConnectionException("the connection is broken");
        }
    }

    private JedisConnectionException failed(IOException cause) {
        setBroken();
        return new JedisConnectionException(cause);
    }

    /** All pieces but the last are full, however large what is written: no write of a few bytes before a large one. */
    private static final class Pieces extends OutputStream {
        private final OutputStream socket;
        private final byte[] piece = new byte[PIECE_BYTES];
        private int filled;

        Pieces(OutputStream socket) {
            this.socket = socket;
        }

        @Override
        public void write(int single) throws IOException {
            if (filled == piece.length) {
                flush();
            }
            piece[filled++] = (byte) single;
        }

        @Override
        public void write(byte[] array, int offset, int length) throws IOException {
            int at = offset;
            int end = offset + length;
            while (at < end) {
                if (filled == piece.length) {
                    flush();
                }
                int part = Math.min(end - at, piece.length - filled);
                System.arraycopy(array, at, piece, filled, part);
                filled += part;
                at += part;
            }
        }

        @Override
        public void flush() throws IOException {
            if (filled > 0) {
                int length = filled;
                filled = 0;
                socket.write(piece, 0, length);
            }
        }
    }

    /** Keeps the socket that the superclass keeps to itself. */
    private static final class Connector extends DefaultJedisSocketFactory {
        private Socket connected;

        Connector(HostAndPort node, JedisClientConfig config) {
            super(node, config);
        }

        @Override
        public Socket createSocket() {
            connected = super.createSocket();
            return connected;
        }
    }
}
