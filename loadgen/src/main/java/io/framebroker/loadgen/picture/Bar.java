package io.framebroker.loadgen.picture;

import io.framebroker.loadgen.report.Spread;
import java.awt.Color;

/**
 * One bar.
 *
 * @param name of whom it is
 * @param number what stands behind it
 */
record Bar(String name, Spread spread, String number, Color color) {}
