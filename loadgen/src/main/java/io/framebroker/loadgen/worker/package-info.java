/**
 * Publishers and consumers that write down what happened to every frame, with the public client only. They run as processes of
 * their own, so that they can be killed.
 */
package io.framebroker.loadgen.worker;
