// What a crash test ends with when a store broke its promise.
// Thrown by CrashOracle and CrashSimulation.
namespace Refold.Testing;

/// <summary>A store lost or invented something, or refused to open without a reason. The message tells what, and
/// how to make it happen again.</summary>
/// <param name="message">What is wrong, the seed, and the operations that led there.</param>
/// <param name="innerException">What the store threw.</param>
public sealed class CrashViolationException(string message, Exception? innerException = null) : Exception(message, innerException);
