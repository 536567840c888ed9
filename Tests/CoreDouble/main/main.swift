import CoreDouble
