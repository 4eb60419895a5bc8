// What a crash test ends with when a store broke its promise.
// Thrown by CrashOracle and CrashSimulation.
namespace Refold.Testing;

/// <summary>A store lost or invented something, or refused to open without a reason. The message tells what, and
/// how to make it happen again.</summary>
/// <param name="message">The violation, the seed, and the operations before it.</param>
/// <param name="innerException">The exception of the store.</param>
public sealed class CrashViolationException(string message, Exception? innerException = null) : Exception(message, innerException);
