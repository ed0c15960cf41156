package io.framebroker.server;

import java.util.ArrayList;
import java.util.List;

/** Columns of text for people, the first ones aligned left and the others right. */
final class TextTable {
    private final int left;
    private final List<String[]> rows = new ArrayList<>();

    /** @param left how many columns are aligned left */
    TextTable(int left, String... heads) {
        this.left = left;
        rows.add(heads);
    }

    void row(Object... cells) {
        String[] row = new String[cells.length];
        for (int i = 0; i < cells.length; i++) {
            row[i] = Printable.of(String.valueOf(cells[i]));
        }
        rows.add(row);
    }

    @Override
    public String toString() {
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String blanks = " ".repeat(widths[i] - row[i].length());
                line.append(i == 0 ? "" : "  ").append(i < left ? row[i] + blanks : blanks + row[i]);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
