/// A DigitalHub Core to test against.
package enum CoreDoublePlaceholder {}
